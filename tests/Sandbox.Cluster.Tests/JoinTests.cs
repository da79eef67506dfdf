using System.Net.Http.Json;
using Sandbox.Contracts.Cluster;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Cluster.Tests;

/// <summary>A worker that has a join token and nothing else of the cluster.</summary>
public sealed class JoinTests(JoinTests.OneWorker one) : IClassFixture<JoinTests.OneWorker>
{
    private ProcessCluster Cluster => one.Cluster;

    [NeedsPostgresFact]
    public async Task Worker_WithATokenOnly_TakesPartAndDoesSoAgainAfterARestart()
    {
        var token = await TokenAsync();
        await using var worker = MakeWorker("joins", "w2", token);

        await ProcessCluster.StartWorkerAsync(worker);
        await RunOnAsync("w2", $"joined-{Guid.NewGuid():N}");
        Assert.Equal(0, await worker.EndAsync());
        await ProcessCluster.StartWorkerAsync(worker);

        await RunOnAsync("w2", $"again-{Guid.NewGuid():N}");
        Assert.Equal(0, await worker.EndAsync());
        Assert.DoesNotContain(token, worker.Log, StringComparison.Ordinal);
        var listed = (await Cluster.Callers[0].Http.GetFromJsonAsync<JoinTokenEntry[]>("/api/v1/join-tokens", Snake))!;
        Assert.Contains(listed, entry => (entry.State, entry.UsedBy) == (JoinTokenEntry.Used, "w2"));
    }

    [NeedsPostgresFact]
    public async Task Worker_WithATokenThatIsNotGood_EndsWithALastLineThatSaysSo()
    {
        var used = await TokenAsync();
        await using var first = MakeWorker("first", "w3", used);
        await ProcessCluster.StartWorkerAsync(first);
        var others = await TokenAsync("w4");

        foreach (var (name, token) in new[] { ("used", used), ("unknown", "join_nobodyMadeThis"), ("others", others) })
        {
            await using var worker = MakeWorker(name, "w5", token);
            worker.Start();

            Assert.Equal(1, await worker.ExitAsync());
            var line = worker.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
            Assert.StartsWith("Sandbox.Worker does not run. JOIN_TOKEN: http://127.0.0.1", line, StringComparison.Ordinal);
            Assert.Contains("unknown, over, already used, or another node's", line, StringComparison.Ordinal);
            Assert.DoesNotContain(token, worker.Log, StringComparison.Ordinal);
        }

        Assert.Equal(0, await first.EndAsync());
    }

    private static readonly System.Text.Json.JsonSerializerOptions Snake =
        new() { PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower };

    /// <summary>None of the settings that make a process one of the cluster's.</summary>
    private ClusterProcess MakeWorker(string process, string node, string token) => Cluster.MakeWorker(
        process, node, ("Cluster__Id", ""), ("Cluster__Secret", ""), ("ConnectionStrings__sandbox", ""), ("JOIN_TOKEN", token),
        ("Worker__Labels__joined", node));

    private async Task<string> TokenAsync(string? node = null)
    {
        using var answer = await Cluster.Callers[0].Http.PostAsJsonAsync("/api/v1/join-tokens", new { node });
        Assert.True(answer.IsSuccessStatusCode, $"a join token was to be made: {await answer.Content.ReadAsStringAsync()}");
        return (await answer.Content.ReadFromJsonAsync<JoinTokenResult>(Snake))!.Token;
    }

    /// <summary>The API's calls reach what runs there, so each proves the secret to the other.</summary>
    private async Task RunOnAsync(string node, string id)
    {
        var caller = Cluster.Callers[0];
        await caller.RunAsync(id, ("extended_params", new Dictionary<string, string> { ["node_label.joined"] = node }));
        Assert.Equal("there", (await caller.ExecuteAsync(id, "echo there")).Trim());
        await caller.MustPostAsync("stop", new { sandbox_id = id });
    }

    public sealed class OneWorker : IAsyncLifetime
    {
        private ProcessCluster? _cluster;

        public ProcessCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster does not run.");

        public async ValueTask InitializeAsync()
        {
            if (new NeedsPostgresFactAttribute().Skip is null)
            {
                _cluster = await ProcessCluster.StartAsync(
                    new ClusterSetup { Apis = 1, Workers = 1, Healths = 1, HeadWhitelist = "w1", HasRedis = false, Deployment = "local" });
            }
        }

        public ValueTask DisposeAsync() => _cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
