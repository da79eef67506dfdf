using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Deployments;
using Sandbox.Node.Leases;
using Sandbox.Node.Membership;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Reconciliation;

public sealed class ShutdownCleanupTests : LocalWorkerTests
{
    [Theory]
    [InlineData(true, SandboxState.Stopped)]
    [InlineData(false, SandboxState.Running)]
    public async Task Node_ThatEnds_EndsItsSandboxesOnlyWhereItIsTold(bool isTold, SandboxState expected)
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        var last = ActivatorUtilities.CreateInstance<ShutdownCleanup>(
            Worker.Get<IServiceProvider>(), Options.Create(new NodeOptions { EndsSandboxes = isTold }));

        await last.StopAsync(CancellationToken.None);

        Assert.Equal(isTold, ProcessesOf(record.Incarnation).Count == 0);
        var after = isTold
            ? await Worker.UntilAsync(record.Id, now => now.State is SandboxState.Stopped, "stopped")
            : await Worker.Records.FindAsync(record.Id, CancellationToken.None);
        Assert.Equal(expected, after?.State);
        Assert.True(FolderOf(record.Incarnation).Exists, "its files are kept, and it can be restarted");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Node_ThatKeepsNothing_RemovesItsSandboxes_TheStoppedOnesToo(bool isStillTheNode)
    {
        var (running, stopped) =
            (await Worker.RunAsync(WorkerHost.Prepare("running")), await Worker.RunAsync(WorkerHost.Prepare("stopped")));
        await Worker.Get<DeploymentSet>()[stopped.Spec.Deployment].EnsureStoppedAsync(stopped, CancellationToken.None);
        var last = ActivatorUtilities.CreateInstance<ShutdownCleanup>(
            Worker.Get<IServiceProvider>(), Options.Create(new NodeOptions { RemovesSandboxes = true }), new FixedLease(isStillTheNode));

        await last.StopAsync(CancellationToken.None);

        Assert.Empty(ProcessesOf(running.Incarnation));
        Assert.Equal(!isStillTheNode, FolderOf(running.Incarnation).Exists);
        Assert.Equal(!isStillTheNode, FolderOf(stopped.Incarnation).Exists);
    }

    private sealed class FixedLease(bool isHeld) : INodeLease
    {
        public LeaseToken? Current { get; } = isHeld ? new LeaseToken(null, CancellationToken.None) : null;

        public bool IsDraining => true;

        public Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken) => Task.FromResult(Current!);
    }
}
