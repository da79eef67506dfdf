using System.Net.Http.Json;
using Sandbox.Api.Serving;
using Sandbox.Api.Tests.Servers;
using Sandbox.Serving.Backends;
using Sandbox.Serving.Configuration;

namespace Sandbox.Api.Tests.Serving;

/// <summary>The backend of the library over this server's own sandboxes.</summary>
public sealed class ServerServeBackendTests(ModelServer server) : IClassFixture<ModelServer>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Row", "29")]
    public async Task Initialize_FindsThisServersClusterAndNoOther()
    {
        await using var backend = server.Get<ServeBackend>();

        var wrong = await backend.InitializeAsync("elsewhere:1", Cancelled);
        var found = await backend.InitializeAsync(null, Cancelled);
        var again = await backend.InitializeAsync(null, Cancelled);

        Assert.Equal(("ray_init_failed", false), (wrong.Failure?.Code, wrong.Initialized));
        Assert.Equal((InitializeMode.Auto, ServerClusterRuntime.Address), (found.Mode, found.Address));
        Assert.Equal(InitializeMode.AlreadyInitialized, again.Mode);
    }

    [Fact]
    [Trait("Row", "30")]
    [Trait("Row", "31")]
    public async Task Model_StartedWaitedForAskedToldOfAndStopped_IsASandboxMeanwhile()
    {
        await using var backend = server.Get<ServeBackend>();
        var configuration = new EngineConfiguration([KeyValuePair.Create("model", "polly"), KeyValuePair.Create("engine", "echo")]);

        var started = await backend.StartModelAsync(
            configuration, new() { WaitReady = true, ReadyTimeout = ModelServer.Generous }, Cancelled);
        Assert.Equal((null, "echo", "echo-app", "polly"), (started.Failure, started.Engine, started.ApplicationName, started.Model));
        Assert.True(started.Readiness!.Ready, $"the engine was to get ready: {started.Readiness.LastError}");

        var status = await backend.GetStatusAsync(Cancelled);
        Assert.Equal((true, "running"), (status.Running, status.Status));
        var offered = await server.OfferedAsync("polly");
        using var http = server.Through();
        using var answer = await http.PostAsJsonAsync(
            new Uri(offered!.Replicas[0].Address, "/v1/completions"), new { model = "polly", prompt = "one two" }, Cancelled);
        Assert.Contains("one two", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        await foreach (var line in backend.ReadLogsAsync(10_000, Cancelled))
        {
            // It is a stream, which goes on as long as the engine does; what it printed first is behind lines about its health checks.
            if (line.Contains("Now listening", StringComparison.Ordinal))
            {
                break;
            }
        }

        Assert.Equal("already_running", (await backend.StartModelAsync(configuration, new(), Cancelled)).Failure?.Code);
        Assert.Equal("stopped", (await backend.StopModelAsync(Cancelled)).Status);
        Assert.Equal("not_running", (await backend.StopModelAsync(Cancelled)).Status);
        Assert.Equal("not_deployed", (await backend.GetStatusAsync(Cancelled)).Status);
        Assert.Empty(await server.SandboxesAsync());
    }

    [Fact]
    [Trait("Row", "30")]
    public async Task Start_OfWhatCannotBePlaced_FailsWithTheReason()
    {
        await using var backend = server.Get<ServeBackend>();
        var configuration = new EngineConfiguration([KeyValuePair.Create("model", "m"), KeyValuePair.Create("engine", "vllm")]);

        var started = await backend.StartModelAsync(configuration, new(), Cancelled);

        Assert.Equal("start_failed", started.Failure?.Code);
        Assert.Contains("1 GPUs are asked for, and this machine has 0", started.Failure!.Message, StringComparison.Ordinal);
    }
}
