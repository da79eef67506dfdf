using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>
/// What the machine's engine cannot be made to do: be another version, have another storage driver, pull from a registry.
/// Answers the two questions about itself; everything else is the test's.
/// </summary>
internal sealed class FakeEngine : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentQueue<Call> _calls = new();
    private WebApplication _app = null!;

    /// <summary>An answer by <c>METHOD path</c> without the version; null is 404.</summary>
    public delegate Task Answer(Call call, HttpResponse response);

    public string Address => $"unix://{_folder.File("engine.sock")}";

    /// <summary>What was asked, in order.</summary>
    public IReadOnlyList<Call> Calls => [.. _calls];

    public static async Task<FakeEngine> StartAsync(
        Answer answer, string api = "1.41", string oldestApi = "1.12", string filesystem = "extfs", string dataFolder = "/var/lib/docker")
    {
        var engine = new FakeEngine();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(engine._folder.File("engine.sock")));
        engine._app = builder.Build();
        engine._app.Run(async context =>
        {
            var call = await Call.ReadAsync(context.Request);
            engine._calls.Enqueue(call);
            await (call.Path switch
            {
                "version" => SayAsync(context.Response, 200, new { Version = "test", ApiVersion = api, MinAPIVersion = oldestApi }),
                "info" => SayAsync(
                    context.Response,
                    200,
                    new
                    {
                        Architecture = "x86_64",
                        Driver = "overlay2",
                        DriverStatus = new[] { new[] { "Backing Filesystem", filesystem } },
                        DockerRootDir = dataFolder
                    }),
                "_ping" => Task.CompletedTask,
                _ => answer(call, context.Response),
            });
        });
        await engine._app.StartAsync(TestContext.Current.CancellationToken);
        return engine;
    }

    public static Task SayAsync(HttpResponse response, int status, object body)
    {
        response.StatusCode = status;
        return response.WriteAsync(JsonSerializer.Serialize(body));
    }

    public static Task RefuseAsync(HttpResponse response, int status, string message) => SayAsync(response, status, new { message });

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    /// <param name="Path">Without the version and the query.</param>
    /// <param name="Version">Of the API, empty where none was said.</param>
    public sealed record Call(string Method, string Version, string Path, string Query, string Auth, string Body)
    {
        public string Verb => $"{Method} {Path}";

        public static async Task<Call> ReadAsync(HttpRequest request)
        {
            using var body = new StreamReader(request.Body);
            var parts = request.Path.Value!.TrimStart('/').Split('/', 2);
            var versioned = parts.Length == 2 && parts[0].StartsWith("v1.", StringComparison.Ordinal);
            return new Call(
                request.Method,
                versioned ? parts[0][1..] : "",
                versioned ? parts[1] : string.Join('/', parts),
                request.QueryString.Value ?? "",
                request.Headers["X-Registry-Auth"].ToString(),
                await body.ReadToEndAsync());
        }
    }
}
