using System.Text;
using System.Text.Json.Nodes;
using Sandbox.Domain.Lifecycle;
using Sandbox.Kubernetes.Cluster;
using Sandbox.Node.Deployments;
using Sandbox.Testing.Postgres;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>A server that refuses, forgets, hangs and repeats.</summary>
public sealed class FaultTests : KubeTest
{
    [NeedsPostgresTheory]
    [InlineData("too many requests", 429, "0", false)]
    [InlineData("an error", 500, null, false)]
    [InlineData("an error after it was made", 500, null, true)]
    [InlineData("no answer", 0, null, false)]
    [InlineData("no answer after it was made", 0, null, true)]
    public async Task Create_AnsweredAtFirstBy_MakesOnePodAllTheSame(string what, int status, string? retryAfter, bool done)
    {
        using var kubelet = new Kubelet(Cluster, Folder);
        // Only who gets no answer is to ask again because of the time: whatever a machine takes for the others is waited for.
        var host = await StartAsync(status == 0 ? [("Kubernetes:RequestTimeout", "00:00:05")] : []);
        var faults = 0;
        Cluster.Faults = call =>
            call is { Verb: "POST", Resource: "pods" } && Interlocked.Increment(ref faults) == 1 ? new Fault(status, retryAfter, done)
            : null;

        var running = await host.RunAsync(KubeHost.Prepare("once-only"));

        Assert.True(Cluster.All("pods").Count == 1, $"after {what} there must be one pod; there are {Cluster.All("pods").Count}");
        Assert.Equal(2, Cluster.Calls.Count(call => call is { Verb: "POST", Resource: "pods" }));
        Assert.Equal(SandboxState.Running, running.State);
    }

    [NeedsPostgresFact]
    public async Task Availability_OfAProcessThatHasNoAnswerYet_IsToldWithTheFirst()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var answers = new ManualResetEventSlim();
        Cluster.Faults = call =>
        {
            if (call is { Resource: "secrets", Name: null })
            {
                asked.TrySetResult();
                answers.Wait(KubeHost.Soon);
            }

            return null;
        };
        var host = await StartAsync();
        var pods = host.Get<IEnumerable<IDeployment>>().Single();

        await asked.Task.WaitAsync(KubeHost.Soon);
        var available = pods.CheckAvailabilityAsync(CancellationToken.None);
        Assert.False(available.IsCompleted, "nothing is known of the secrets yet, so it cannot be told whether pods can be made");
        answers.Set();

        Assert.Null(await available.WaitAsync(KubeHost.Soon));
    }

    [NeedsPostgresFact]
    public async Task Create_WhoseNameIsAnothersObject_FailsTheStartAndLeavesThatAlone()
    {
        var host = await StartAsync();
        var prepared = KubeHost.Prepare("taken");
        Cluster.Put("pods", Labelled(NameOf(prepared), "another-cluster", prepared.Incarnation, "taken"));

        await host.SubmitAsync(prepared);
        var failed = await host.UntilAsync(prepared.Id, record => record.State is not SandboxState.Pending, "stopped, as failed");

        Assert.Equal(SandboxEvent.StartFailed, failed.History[^1].On);
        Assert.Equal($"the name {NameOf(prepared)} is used by another object", failed.Reason);
    }

    [NeedsPostgresFact]
    public async Task Secret_ThatOthersChangeMeanwhile_IsReadAgainAndReplaced()
    {
        var host = await StartAsync();
        var prepared = KubeHost.Prepare("conflicted");
        var stale = Labelled(NameOf(prepared), KubeHost.ClusterId, prepared.Incarnation, "conflicted");
        (stale["type"], stale["data"]) = ("Opaque", new JsonObject { ["token"] = Convert.ToBase64String("stale"u8) });
        var conflicts = 0;
        Cluster.Faults = call =>
        {
            if (call is { Verb: "PUT", Resource: "secrets" } && Interlocked.Increment(ref conflicts) == 1)
            {
                // Between the read and the write: the version that was read is not current any more.
                Cluster.Change("secrets", NameOf(prepared), changed => changed["metadata"]!["annotations"]!["touched"] = "by somebody");
            }

            return null;
        };
        await host.SubmitAsync(KubeHost.Prepare("other"));
        Cluster.Put("secrets", stale);

        await host.SubmitAsync(prepared);
        await MadeAsync("pods", prepared);

        var secret = Cluster.All("secrets").Single(found => found["metadata"]!["name"]!.GetValue<string>() == NameOf(prepared));
        Assert.StartsWith(
            $"{prepared.Incarnation}.", Encoding.UTF8.GetString(Convert.FromBase64String(secret["data"]!["token"]!.GetValue<string>())),
            StringComparison.Ordinal);
        Assert.Equal("by somebody", secret["metadata"]!["annotations"]!["touched"]!.GetValue<string>());
        Assert.Equal(2, conflicts);
    }

    [NeedsPostgresFact]
    public async Task Stop_OfAPodThatIsGone_IsDone()
    {
        using var kubelet = new Kubelet(Cluster, Folder);
        var host = await StartAsync();
        var running = await host.RunAsync(KubeHost.Prepare("gone"));
        Cluster.Faults = call => call is { Verb: "DELETE", Resource: "pods" } ? new Fault(404, Done: true) : null;

        var stopped = await host.Sandboxes.StopAsync(running.Id, StopReason.Asked, CancellationToken.None);

        Assert.True(stopped.TryGet(out var record, out var error), error?.Text);
        Assert.Equal(SandboxState.Stopped, record.State);
        Assert.True(Cluster.All("secrets") is [], "the work goes on after a pod that is not found: the secret goes too");
    }

    [NeedsPostgresTheory]
    [InlineData("ErrImageNeverPull", "01:00:00", "a pull that will never be tried fails at once")]
    [InlineData("ErrImagePull", "00:00:00", "a failing pull fails when patience has ended")]
    public async Task Start_WhoseImageCannotBePulled_FailsInThatPhaseWithTheReason(string reason, string patience, string why)
    {
        var host = await StartAsync(("Kubernetes:PullPatience", patience));
        var submitted = await host.SubmitAsync(KubeHost.Prepare("unpullable"));
        await MadeAsync("pods", submitted);

        Cluster.Change("pods", NameOf(submitted), pod => pod["status"] = Waiting(reason, "dial tcp 10.0.0.5:6379: connection refused"));

        var failed = await host.UntilAsync(submitted.Id, record => record.State is not SandboxState.Pending, $"stopped: {why}");
        var phase = failed.Phases.Single(phase => phase.Name == SandboxPhase.ImagePull);
        Assert.Equal((SandboxEvent.StartFailed, PhaseStatus.Failed), (failed.History[^1].On, phase.Status));
        Assert.Equal($"{reason} (main)", failed.Reason);
        Assert.Equal(failed.Reason, phase.Message);
        await KubeHost.UntilAsync(
            () => Cluster.All("pods") is [] && Cluster.All("secrets") is [], "a failed start leaves nothing in the cluster");
    }

    [NeedsPostgresFact]
    public async Task Start_WhosePodIsNeverReady_FailsWithWhatItWaitedFor()
    {
        var host = await StartAsync();
        await host.UntilNodeSaysAsync(load => load.Unavailable is null, "it runs pods");
        var prepared = KubeHost.Prepare("never");
        prepared = prepared with { TransientDeadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(8) };
        await host.SubmitAsync(prepared);
        await MadeAsync("pods", prepared);

        Cluster.Change("pods", NameOf(prepared), pod => pod["status"] = new JsonObject
        {
            ["phase"] = "Pending",
            ["conditions"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "PodScheduled",
                    ["status"] = "False",
                    ["reason"] = "Unschedulable",
                    ["message"] = "0/3 nodes are available"
                }),
        });

        var failed = await host.UntilAsync(
            prepared.Id, record => record.State is not SandboxState.Pending, "stopped, as its deadline passed");
        Assert.Equal(SandboxEvent.StartFailed, failed.History[^1].On);
        Assert.Equal("not ready in time: Unschedulable: 0/3 nodes are available", failed.Reason);
    }

    [Fact]
    public async Task Calls_BeyondTheRate_AreNotMade()
    {
        using var host = new Kept(
            KubeHost.Build(
                KubeHost.NoDatabase, Folder, Cluster.Address, Port, ("Kubernetes:RequestsPerSecond", "0.0001"),
                ("Kubernetes:Burst", "2")));
        var api = host.Host.Get<ClusterApi>();
        await api.ListPodsAsync(CancellationToken.None);
        await api.ListSecretsAsync(CancellationToken.None);

        using var given = new CancellationTokenSource();
        var third = api.ListPodsAsync(given.Token);
        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        Assert.Equal(2, Cluster.Calls.Count);
    }

    [Fact]
    public async Task Answers_ThatStayErrors_AreToldAfterAllTries()
    {
        using var host = new Kept(KubeHost.Build(KubeHost.NoDatabase, Folder, Cluster.Address, Port, ("Kubernetes:Tries", "3")));
        Cluster.Faults = _ => new Fault(503, RetryAfter: "0");

        var told = await Assert.ThrowsAsync<ClusterException>(() => host.Host.Get<ClusterApi>().ListPodsAsync(CancellationToken.None));

        Assert.Equal("the Kubernetes API refused to list pods (503): a fault with status 503", told.Message);
        Assert.Equal(3, Cluster.Calls.Count);
    }

    private static JsonObject Waiting(string reason, string message) => new()
    {
        ["phase"] = "Pending",
        ["containerStatuses"] = new JsonArray(new JsonObject
        {
            ["name"] = "main",
            ["image"] = "python:3.11",
            ["imageID"] = "",
            ["ready"] = false,
            ["restartCount"] = 0,
            ["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = reason, ["message"] = message } },
        }),
    };

    /// <summary>A host that was never started.</summary>
    private sealed class Kept(KubeHost host) : IDisposable
    {
        public KubeHost Host { get; } = host;

        public void Dispose() => Host.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
