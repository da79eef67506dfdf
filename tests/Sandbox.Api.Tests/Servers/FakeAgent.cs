using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Tests.Servers;

/// <summary>Stands where the agent stands, on a real socket, and answers what a test tells it to: also what no honest
/// agent would.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeAgent(WebApplication app) => _app = app;

    /// <summary>By path, for example <c>/rock/execute</c>.</summary>
    public ConcurrentDictionary<string, RequestDelegate> Routes { get; } = new(StringComparer.Ordinal);

    public Uri Address => new(_app.Urls.Single());

    public static async Task<FakeAgent> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var agent = new FakeAgent(app);
        app.Run(http => agent.Routes.TryGetValue(http.Request.Path, out var answer) ? answer(http) : NotFound(http));
        await app.StartAsync();
        return agent;
    }

    /// <summary>Answers a route with a JSON text.</summary>
    public void Answer(string path, string json, int status = 200) => Routes[path] = async http =>
    {
        await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(json, http.RequestAborted);
    };

    /// <summary>Answers as the agent reports a failure.</summary>
    public void Refuse(string path, string reason) => Answer(
        path, JsonSerializer.Serialize(
            new AgentFailure(new AgentFailureDetail(reason, "x", "", new Dictionary<string, string>())), RockJson.Default.AgentFailure),
            511);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static Task NotFound(HttpContext http)
    {
        http.Response.StatusCode = 404;
        return Task.CompletedTask;
    }
}
