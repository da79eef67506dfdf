using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Serving.Llama.Inference;
using Sandbox.Testing;

namespace Sandbox.Serving.Llama.Tests;

/// <summary>The program, serving a model of its own called tiny: one context, and one request may wait for it.</summary>
public sealed class LlamaServer : IAsyncLifetime
{
    public const string Key = "secret";

    private readonly TempFolder _folder = new();
    private WebApplication? _app;

    public HttpClient Http { get; } = new();

    /// <summary>An answer of the served model that is as long as its context, without HTTP: it keeps its context until it is disposed
    /// of.</summary>
    internal IAsyncEnumerator<GenerationStep> Generate(CancellationToken cancellationToken = default)
    {
        var model = _app!.Services.GetRequiredService<LlamaModel>();
        return model.GenerateAsync(model.Tokenize("Hello", special: false), new() { Temperature = 0 }, cancellationToken)
            .GetAsyncEnumerator(CancellationToken.None);
    }

    public async ValueTask InitializeAsync()
    {
        var file = Path.Combine(_folder.Path, "tiny.gguf");
        TinyModel.Write(file);
        _app = LlamaProgram.Create(
            ["--model", file, "--port", "0", "--parallel", "1", "--queue", "1", "--threads", "1", "--LLAMA_API_KEY", Key]);
        await _app.StartAsync();
        Http.BaseAddress = new(_app.Urls.Single());
        Http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app!.DisposeAsync();
        _folder.Dispose();
    }
}
