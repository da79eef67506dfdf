using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sandbox.Benchmarks.Servers;

/// <summary>A model server that answers at once and always the same, so that what is measured is the way to it.</summary>
internal sealed class MockEngine : IAsyncDisposable
{
    /// <summary>How it answers: <c>stream</c>, or <c>hold</c> for a stream that says one thing and then nothing; else as a whole.</summary>
    public const string Header = "X-Mock";

    private static readonly byte[] Event = [.. """data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"a"}}]}"""u8,
        .. "\n\n"u8];

    private static readonly byte[] Last =
        [.. """data: {"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"""u8,
            .. "\n\ndata: [DONE]\n\n"u8];

    private static readonly byte[] Whole =
        """{"object":"chat.completion","choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"""u8
            .ToArray();

    private readonly WebApplication _app;

    private MockEngine(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public static async Task<MockEngine> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync();
        return new MockEngine(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext http)
    {
        await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
        if (http.Request.Headers[Header] is not [{ } kind])
        {
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = Whole.Length;
            await http.Response.Body.WriteAsync(Whole, http.RequestAborted);
            return;
        }

        http.Response.ContentType = "text/event-stream";
        await http.Response.Body.WriteAsync(Event, http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        if (kind == "hold")
        {
            var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var registration = http.RequestAborted.Register(gone.SetResult);
            await gone.Task;
            return;
        }

        await http.Response.Body.WriteAsync(Event, http.RequestAborted);
        await http.Response.Body.WriteAsync(Last, http.RequestAborted);
    }
}
