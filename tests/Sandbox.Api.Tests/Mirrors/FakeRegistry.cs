using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sandbox.Api.Tests.Mirrors;

/// <summary>The part of a registry that says which manifests it has; asks for a token where the test says so.</summary>
internal sealed class FakeRegistry : IAsyncDisposable
{
    private const string Token = "a-token";

    private readonly ConcurrentQueue<string> _asked = new();
    private WebApplication _app = null!;

    /// <summary>Paths with their tags: <c>library/python:3.11</c>.</summary>
    public HashSet<string> Images { get; } = [];

    /// <summary>What it wants to be shown for a token; null: it asks for none.</summary>
    public string? Login { get; init; }

    /// <summary>Answers wait for this.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public string Name => new Uri(_app.Urls.Single()).Authority;

    /// <summary>What manifests it was asked for, without the questions for tokens.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    public static async Task<FakeRegistry> StartAsync(string? login = null)
    {
        var registry = new FakeRegistry { Login = login };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        registry._app = builder.Build();
        registry._app.MapMethods("/v2/{**path}", ["HEAD"], registry.ManifestAsync);
        registry._app.MapGet("/token", registry.TokenAsync);
        await registry._app.StartAsync();
        return registry;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ManifestAsync(HttpContext http)
    {
        if (Login is not null && http.Request.Headers.Authorization != $"Bearer {Token}")
        {
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{Name}/token\",service=\"test\",scope=\"a:b:pull\"";
            return;
        }

        var path = (string)http.Request.RouteValues["path"]!;
        var image = path.Replace("/manifests/", ":", StringComparison.Ordinal);
        _asked.Enqueue(image);
        await Gate;
        http.Response.StatusCode = Images.Contains(image) ? 200 : 404;
    }

    private Task TokenAsync(HttpContext http)
    {
        var expected = $"Basic {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Login!))}";
        http.Response.StatusCode = http.Request.Headers.Authorization == expected ? 200 : 401;
        return http.Response.StatusCode is 200 ? http.Response.WriteAsync($$"""{"token":"{{Token}}"}""") : Task.CompletedTask;
    }
}
