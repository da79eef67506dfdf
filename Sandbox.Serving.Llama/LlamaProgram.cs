using Sandbox.Serving.Llama.Inference;
using Sandbox.Serving.Llama.OpenAi;

namespace Sandbox.Serving.Llama;

/// <summary>The program, from its arguments to its exit code.</summary>
internal static class LlamaProgram
{
    private const int CannotStart = 1;

    /// <summary>Serves until it is told to end; one line says why it could not start.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter errors)
    {
        try
        {
            await using var app = Create(args);
            await app.RunAsync();
            return 0;
        }
        catch (Exception exception) when (exception is LlamaStartException or IOException)
        {
            // An IOException: the port is taken.
            await errors.WriteLineAsync($"sandbox-llama: error: {exception.Message}");
            return CannotStart;
        }
    }

    /// <exception cref="LlamaStartException">An argument is wrong, or the model cannot be loaded.</exception>
    public static WebApplication Create(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        var options = LlamaOptions.Read(builder.Configuration);
        builder.WebHost.UseUrls($"http://{options.Host}:{options.Port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = CompletionRequest.MostBytes);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        var model = LlamaModel.Load(options);
        builder.Services.AddSingleton(TimeProvider.System);
        // Made by a factory, so that it is disposed of with the application.
        builder.Services.AddSingleton(_ => model);
        var app = builder.Build();
        app.Use((context, next) => ErrorMiddleware.InvokeAsync(context, options.ApiKey, next));
        app.MapLlama(options.Name, app.Services.GetRequiredService<LlamaModel>(), app.Services.GetRequiredService<TimeProvider>());
        return app;
    }
}
