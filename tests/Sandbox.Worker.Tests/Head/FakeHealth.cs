using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sandbox.Worker.Tests.Head;

/// <summary>A server where the health service is to be, which answers as a test says and counts who asks.</summary>
internal sealed class FakeHealth : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeHealth(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single());

    /// <summary>GETs of its root.</summary>
    public int Greetings { get; private set; }

    public static async Task<FakeHealth> StartAsync(Func<int, HttpContext, Task> greet, Func<HttpContext, Task>? elect = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add($"http://{IPAddress.Loopback}:0");
        var fake = new FakeHealth(app);
        app.Run(http =>
        {
            if (http.Request.Path.StartsWithSegments("/v1"))
            {
                return elect is null ? Task.Run(() => http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed) : elect(http);
            }

            fake.Greetings++;
            return greet(fake.Greetings, http);
        });
        await app.StartAsync();
        return fake;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
