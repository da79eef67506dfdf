using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Testing.Postgres;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>Whole lives of pods whose agents are real: they dial the head's TCP port with the tokens of their secrets.</summary>
public sealed class PodLifeTests : KubeTest
{
    [NeedsPostgresTheory]
    [InlineData("pod")]
    [InlineData("batchsandbox")]
    public async Task Sandbox_FromSubmitToStop_RunsCommandsAndLeavesNothing(string mode)
    {
        using var kubelet = new Kubelet(Cluster, Folder);
        var host = await StartAsync(("Kubernetes:Mode", mode));

        var running = await host.RunAsync(
            KubeHost.Prepare("life", spec => spec with { Env = new Dictionary<string, string> { ["GREETING"] = "hello" } }));
        var said = await ExecuteAsync(host, running.Id, "echo $GREETING");
        var stopped = await host.Sandboxes.StopAsync(running.Id, StopReason.Asked, CancellationToken.None);

        Assert.Equal("hello\n", said);
        Assert.True(stopped.TryGet(out var record, out var error), error?.Text);
        Assert.Equal(SandboxState.Stopped, record.State);
        foreach (var resource in (string[])["pods", "secrets", FakeCluster.Batches])
        {
            Assert.True(
                Cluster.All(resource) is [], $"a stopped sandbox must leave no {resource}; there are {Cluster.All(resource).Count}");
        }
    }

    [NeedsPostgresFact]
    public async Task Log_OfAPod_IsThatOfItsMainContainer_AndEndsWithIt()
    {
        using var kubelet = new Kubelet(Cluster, Folder);
        var host = await StartAsync();
        Cluster.Logs = query => $"asked for {query}\n";
        var running = await host.RunAsync(KubeHost.Prepare("logged"));

        var log = await LogOfAsync(host, running, new LogQuery(Tail: 3));
        await host.Sandboxes.StopAsync(running.Id, StopReason.Asked, CancellationToken.None);
        var none = await host.Get<ISandboxLogs>().OpenAsync(running, new LogQuery(), CancellationToken.None);

        Assert.Contains("container=main", log, StringComparison.Ordinal);
        Assert.Contains("tailLines=3", log, StringComparison.Ordinal);
        Assert.False(none.TryGet(out _, out var error), "a pod that is gone has no log");
        Assert.IsType<SandboxError.NoLog>(error);
    }

    [NeedsPostgresFact]
    public async Task Sandbox_InAHeadsNextLifeWithOtherTemplates_IsTakenUpWithTheSamePod()
    {
        var templates = Directory.CreateDirectory(Path.Combine(Folder, "templates")).FullName;
        await File.WriteAllTextAsync(Path.Combine(templates, "default.yaml"), """
            ports: { proxy: 9 }
            template: { spec: { containers: [ { name: main, image: "another:1" } ] } }
            """);
        using var kubelet = new Kubelet(Cluster, Folder);
        var first = await StartAsync();
        var running = await first.RunAsync(KubeHost.Prepare("adopted"));
        var uid = Uid();
        await StopAsync(first);

        var second = await StartAsync(("Kubernetes:TemplateFolder", templates));
        var said = await ExecuteAsync(second, running.Id, "echo again");

        Assert.Equal("again\n", said);
        Assert.Equal(uid, Uid());
        Assert.True(
            (await second.Records.FindAsync(running.Id, CancellationToken.None))!.State is SandboxState.Running,
            "an adopted sandbox goes on running");

        string Uid() => Assert.Single(Cluster.All("pods"))["metadata"]!["uid"]!.GetValue<string>();
    }

    [NeedsPostgresFact]
    public async Task Pod_ThatIsEvicted_IsReportedLostWithTheReason()
    {
        using var kubelet = new Kubelet(Cluster, Folder);
        var host = await StartAsync();
        var running = await host.RunAsync(KubeHost.Prepare("evicted"));

        kubelet.Kill(NameOf(running));
        Cluster.Change("pods", NameOf(running), pod => pod["status"] = new JsonObject
        {
            ["phase"] = "Failed",
            ["reason"] = "Evicted",
            ["message"] = "The node was low on resource: memory.",
        });

        var lost = await host.UntilAsync(running.Id, record => record.State is SandboxState.Stopped, "stopped, as lost");
        Assert.Equal(SandboxEvent.Lost, lost.History[^1].On);
        Assert.Equal("Evicted: The node was low on resource: memory.", lost.Reason);
        await KubeHost.UntilAsync(
            () => Cluster.All("pods") is [] && Cluster.All("secrets") is [], "what was left of a lost sandbox is removed");
    }

    [NeedsPostgresTheory]
    [InlineData("seen by the watch", 0)]
    [InlineData("while the watch was dropped", 1)]
    [InlineData("before a watch that has expired", 2)]
    [InlineData("before a watch that is refused as gone", 2)]
    public async Task Pod_ThatIsRemovedBehindOurBack_IsReportedLost(string when, int listsNeeded)
    {
        using var kubelet = new Kubelet(Cluster, Folder);
        var host = await StartAsync();
        var running = await host.RunAsync(KubeHost.Prepare("removed"));
        var (lists, armed) = (Lists(), 1);
        if (listsNeeded == 2)
        {
            // After the list that follows the drop, and before the watch from its version: only one more list can show it.
            Cluster.Faults = call =>
            {
                if (call is not { Resource: "pods", IsWatch: true } || Interlocked.Exchange(ref armed, 0) == 0)
                {
                    return null;
                }

                Cluster.Remove("pods", NameOf(running), muted: true);
                Cluster.Compact();
                return when.EndsWith("gone", StringComparison.Ordinal) ? new Fault(410) : null;
            };
        }
        else
        {
            Cluster.Remove("pods", NameOf(running), muted: listsNeeded == 1);
        }

        if (listsNeeded > 0)
        {
            Cluster.DropWatches();
        }

        var lost = await host.UntilAsync(
            running.Id, record => record.State is SandboxState.Stopped, $"stopped, as its pod was removed {when}");
        Assert.EndsWith("was removed", lost.Reason, StringComparison.Ordinal);
        Assert.True(
            Lists() - lists >= listsNeeded,
            $"removed {when}: at least {listsNeeded} more lists were expected; there were {Lists() - lists}");

        int Lists() => Cluster.Calls.Count(call => call is { Verb: "GET", Resource: "pods", Name: null, IsWatch: false });
    }

    [NeedsPostgresFact]
    public async Task Pod_WhoseRemovalIsNeverTold_IsFoundByTheRegularList()
    {
        using var kubelet = new Kubelet(Cluster, Folder);
        var host = await StartAsync(("Kubernetes:RelistEvery", "00:00:01"));
        var running = await host.RunAsync(KubeHost.Prepare("relisted"));

        Cluster.Remove("pods", NameOf(running), muted: true);

        var lost = await host.UntilAsync(running.Id, record => record.State is SandboxState.Stopped, "stopped, as its pod is gone");
        Assert.EndsWith("was removed", lost.Reason, StringComparison.Ordinal);
    }

    [NeedsPostgresFact]
    public async Task Orphans_OfThisCluster_AreRemovedAndOthersAreNotTouched()
    {
        var (ours, theirs) = (IncarnationId.New(), IncarnationId.New());
        Cluster.Put("pods", Labelled($"sandbox-{ours}", KubeHost.ClusterId, ours, "forgotten"));
        Cluster.Put("secrets", Labelled($"sandbox-{ours}", KubeHost.ClusterId, ours, "forgotten"));
        Cluster.Put("pods", Labelled($"sandbox-{theirs}", "another-cluster", theirs, "forgotten"));

        await StartAsync();

        await KubeHost.UntilAsync(
            () => Cluster.All("pods").Count == 1 && Cluster.All("secrets") is [], "the orphan's pod and secret are removed");
        Assert.Equal("another-cluster", Cluster.All("pods")[0]["metadata"]!["labels"]!["sandbox.aspire/cluster"]!.GetValue<string>());
    }

    private static async Task<string> LogOfAsync(KubeHost host, SandboxInstance sandbox, LogQuery query)
    {
        using var limit = new CancellationTokenSource(KubeHost.Soon);
        var opened = await host.Get<ISandboxLogs>().OpenAsync(sandbox, query, limit.Token);
        Assert.True(opened.TryGet(out var log, out var error), error?.Text);
        using (log)
        {
            var text = new StringBuilder();
            await foreach (var piece in log.Pieces.WithCancellation(limit.Token))
            {
                text.Append(Encoding.UTF8.GetString(piece.Span));
            }

            return text.ToString();
        }
    }

    private static async Task<string> ExecuteAsync(KubeHost host, SandboxId id, string command)
    {
        var gateway = host.Get<IAgentGateway>();
        var opened = await gateway.OpenAsync(id, CancellationToken.None);
        Assert.True(opened.TryGet(out var call, out var error), error?.Text);
        using (call)
        {
            using var limit = new CancellationTokenSource(KubeHost.Soon);
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(call.BaseAddress, "/rock/execute"))
            {
                Content = JsonContent.Create(new { command = new[] { "/bin/sh", "-c", command } }),
            };
            await request.Content.LoadIntoBufferAsync(limit.Token);
            using var answer = await call.Invoker.SendAsync(request, limit.Token);
            var body = await answer.Content.ReadAsStringAsync(limit.Token);
            Assert.True(answer.IsSuccessStatusCode, body);
            return (JsonNode.Parse(body)!["stdout"] ?? throw new InvalidOperationException(body)).GetValue<string>();
        }
    }
}
