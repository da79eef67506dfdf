using Sandbox.Domain.Lifecycle;
using Sandbox.Kubernetes.Watching;
using Sandbox.Node.Deployments;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>What a start makes of news that come by several watches, each in its own time.</summary>
public sealed class PodStartTests
{
    private readonly ClusterView _view = new([]);

    [Fact]
    public async Task Pod_HeardOfBeforeItsBatchSandbox_IsNoReasonToCallItRemoved()
    {
        var sandbox = KubeHost.Prepare("early");
        var facts = new SandboxFacts(sandbox.Incarnation, sandbox.Id);
        var running = new PodFacts(PodStage.Running, SandboxPhase.DockerRun, "it runs", PullFails: false, Hopeless: false);

        _view.Apply(ObjectKind.Pod, facts with { Pod = new NamedPod("pod", running) }, gone: false);
        var start = new PodStart(sandbox, source: null, _view, new Untold(), new KubernetesOptions(), TimeProvider.System)
            .WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(start.IsCompleted, "the watch had not told of the batch sandbox yet");

        _view.Apply(ObjectKind.Batch, facts with { Batch = new BatchFacts(Deleting: false, [], Pool: null) }, gone: false);

        Assert.Null(await start.WaitAsync(KubeHost.Soon, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task BatchSandbox_GoneAfterItWasSeen_IsRemoved()
    {
        var sandbox = KubeHost.Prepare("gone");
        var batch = new SandboxFacts(sandbox.Incarnation, sandbox.Id) { Batch = new BatchFacts(Deleting: false, [], Pool: null) };

        _view.Apply(ObjectKind.Batch, batch, gone: false);
        var start = new PodStart(sandbox, source: null, _view, new Untold(), new KubernetesOptions(), TimeProvider.System)
            .WaitAsync(TestContext.Current.CancellationToken);
        _view.Apply(ObjectKind.Batch, batch, gone: true);

        var failure = await start.WaitAsync(KubeHost.Soon, TestContext.Current.CancellationToken);
        Assert.Contains("it ended before its agent answered", failure?.Text, StringComparison.Ordinal);
    }

    private sealed class Untold : IPhaseReporter
    {
        public string Describe(string kind, Exception exception) => exception.Message;

        public Task ReportAsync(string phase, PhaseStatus status, string message, CancellationToken cancellationToken) =>
            Task.CompletedTask;
    }
}
