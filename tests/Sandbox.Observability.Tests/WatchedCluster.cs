using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Telemetry;

namespace Sandbox.Observability.Tests;

/// <summary>The tests that share one cluster.</summary>
[CollectionDefinition(nameof(WatchedCluster))]
public sealed class WatchedClusterCollection : ICollectionFixture<WatchedCluster>;

/// <summary>One API, one worker and one health service as processes, which send what they see to a receiver and show it on their internal
/// ports.
/// Shared by tests that leave them as they found them.</summary>
public sealed class WatchedCluster : IAsyncLifetime
{
    private ProcessCluster? _cluster;

    public OtlpReceiver Receiver { get; } = OtlpReceiver.Start();

    /// <summary>Where the worker tells what the containers of its sandboxes use.</summary>
    public Uri ContainerMetrics { get; } = new($"http://127.0.0.1:{ReservedPorts.Next()}");

    public ProcessCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster does not run.");

    public RockCaller Caller => Cluster.Callers[0];

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            _cluster = await ProcessCluster.StartAsync(new ClusterSetup
            {
                Apis = 1,
                Workers = 1,
                Healths = 1,
                HeadWhitelist = "w1",
                Settings = new Dictionary<string, string>(Receiver.Settings)
                {
                    ["Internal__Listen"] = "127.0.0.1:0",
                    ["Worker__ContainerMetrics"] = ContainerMetrics.Authority,
                },
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Receiver.DisposeAsync();
    }

    /// <summary>Where a process has its health and its metrics.</summary>
    public static async Task<Uri> InternalAddressAsync(ClusterProcess process)
    {
        var line = await process.SaysAsync("Health and metrics are at ");
        return new Uri(line[line.IndexOf("http://", StringComparison.Ordinal)..].Trim());
    }

    /// <summary>A call that begins a trace of its own, as a traced client's does; the trace's id.</summary>
    public async Task<string> TracedAsync(string route, object body)
    {
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"/apis/envs/sandbox/v1/{route}")
        { Content = JsonContent.Create(body) };
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom().ToHexString()}-01");
        using var answer = await Caller.Http.SendAsync(request);
        var envelope = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(envelope.GetProperty("status").GetString() == "Success", $"{route} was to succeed: {envelope}");
        Assert.False(answer.Headers.Contains("Sandbox-Agent-Span"), "what the agent tells its owner was not to reach the caller");
        return trace;
    }

    /// <summary>A sandbox from its start to its end, with a command in between; its id.</summary>
    public async Task<string> LiveALittleAsync()
    {
        var id = $"metrics-{Guid.NewGuid():N}";
        await Caller.RunAsync(id);
        await Caller.ExecuteAsync(id, "true");
        await Caller.MustPostAsync("stop", new { sandbox_id = id });
        return id;
    }

    public static object Sandbox(string id) => new
    {
        sandbox_id = id,
        image = DockerTestImage.Name,
        pull = "never",
        memory = "128m",
        cpus = 0.5,
        auto_delete_seconds = 3600,
        network = "none",
    };
}
