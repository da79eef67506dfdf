using System.Diagnostics;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos.Tests.Engines;

/// <summary>The engine is restarted under twenty sandboxes: with live-restore they live on and are taken up, without it every
/// one of them is reported lost with its reason. Either way the statuses are right ten seconds after it answers again.</summary>
/// <remarks>Alone on the machine (see <c>./test</c>): the ten seconds are measured.</remarks>
[Trait("Machine", "alone")]
public sealed class EngineRestartTests
{
    private const int Sandboxes = 20;

    private static readonly TimeSpan RightWithin = TimeSpan.FromSeconds(10);

    [NeedsPrivateEngineFact]
    public async Task Engine_RestartedWithLiveRestore_EverySandboxIsTakenUpWithItsSessions()
    {
        await using var engine = await PrivateEngine.StartAsync(liveRestore: true);
        await using var cluster = await StartAsync(engine);
        var ids = await RunAllAsync(cluster);
        await Task.WhenAll(ids.Select(id => OpenSessionAsync(cluster, id)));

        await engine.EndAsync();
        await engine.StartAgainAsync(liveRestore: true);

        await WithinAsync(async () =>
        {
            foreach (var id in ids)
            {
                await UntilAsync(
                    cluster, id, status =>
                        status.GetProperty("state").GetString() == "running" && status.GetProperty("is_alive").GetBoolean());
                var told = await cluster.Callers[1].MustPostAsync(
                    "run_in_session", new { sandbox_id = id, session = "s", command = "echo $KEPT", timeout = 30 });
                Assert.Equal($"kept-{id}", told.GetProperty("output").GetString()!.Trim());
            }
        });
    }

    [NeedsPrivateEngineFact]
    public async Task Engine_RestartedWithoutLiveRestore_EverySandboxIsLostWithThatReason()
    {
        await using var engine = await PrivateEngine.StartAsync(liveRestore: false);
        await using var cluster = await StartAsync(engine);
        var ids = await RunAllAsync(cluster);

        await engine.EndAsync();
        await engine.StartAgainAsync(liveRestore: false);

        await WithinAsync(async () =>
        {
            foreach (var id in ids)
            {
                var status = await UntilAsync(cluster, id, status => status.GetProperty("state").GetString() == "stopped");
                Assert.Contains("engine", status.GetProperty("reason").GetString()!, StringComparison.Ordinal);
                Assert.Equal("lost", status.GetProperty("state_history").EnumerateArray().Last().GetProperty("event").GetString());
            }
        });
    }

    private static Task<ProcessCluster> StartAsync(PrivateEngine engine) =>
        ProcessCluster.StartAsync(new ClusterSetup { Workers = 2, DockerHost = $"unix://{engine.Socket}" });

    private static async Task<IReadOnlyList<string>> RunAllAsync(ProcessCluster cluster)
    {
        // Nodes tell a moment after they joined that their engine answers.
        await Wait.UntilAsync(
            async () =>
                (await cluster.Callers[0].StartAsync("first", ("network", "none"), ("memory", "64m"), ("disk", null))).GetProperty("status")
                .GetString() == "Success",
            () => "a sandbox is accepted once a node can run it");
        var ids = Enumerable.Range(1, Sandboxes).Select(number => $"box-{number}").ToList();
        await Task.WhenAll(ids.Select(id => cluster.Callers[0].RunAsync(id, ("network", "none"), ("memory", "64m"), ("disk", null))));
        return ids;
    }

    private static async Task OpenSessionAsync(ProcessCluster cluster, string id)
    {
        await cluster.Callers[0].MustPostAsync("create_session", new { sandbox_id = id, session = "s", startup_timeout = 30 });
        await cluster.Callers[0].MustPostAsync(
            "run_in_session", new { sandbox_id = id, session = "s", command = $"KEPT=kept-{id}", timeout = 30 });
    }

    private static async Task<JsonElement> UntilAsync(ProcessCluster cluster, string id, Func<JsonElement, bool> holds)
    {
        var status = default(JsonElement);
        await Wait.UntilAsync(
            async () => holds(status = await cluster.Callers[0].StatusAsync(id)), () =>
                $"{id} has the status that its container has: {status}");
        return status;
    }

    /// <summary>The promise has a number, so this is measured, from the moment that the engine answers again.</summary>
    private static async Task WithinAsync(Func<Task> right)
    {
        var began = Stopwatch.GetTimestamp();
        await right();
        var took = Stopwatch.GetElapsedTime(began);
        TestContext.Current.TestOutputHelper?.WriteLine($"every status was right after {took}");
        Assert.True(
            took < RightWithin, $"every status was to be right within {RightWithin} after the engine answered again, not after {took}");
    }
}
