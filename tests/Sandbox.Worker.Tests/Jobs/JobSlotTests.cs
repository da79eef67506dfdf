using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Deployments;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Jobs;

/// <summary>A node on which the pulls of one tenant never end, and the work of another.</summary>
public sealed class JobSlotTests : IAsyncLifetime
{
    // Of 16 slots of a class.
    private const int Share = 12;
    private const int Many = 40;

    private readonly TempFolder _data = new();
    private readonly PullingDeployment _deployment = new();
    private readonly List<SandboxInstance> _hanging = [];
    private WorkerHost _worker = null!;

    public async ValueTask InitializeAsync()
    {
        _worker = await WorkerHost.StartAsync(
            _data.Path, services => services.RemoveAll<IDeployment>().AddSingleton<IDeployment>(_deployment), ("Concurrency", "16"));
        for (var number = 0; number < Many; number++)
        {
            _hanging.Add(await _worker.SubmitAsync(Prepare($"far-{number}", "mallory", PullingDeployment.Far)));
        }

        // As many again wait for a slot to pull in and hold one of starts meanwhile; the rest waits in the store.
        await WorkerHost.UntilAsync(
            () => _deployment is { Asked: 2 * Share, Pulling: Share },
            $"{Share} pulls go on and as many starts wait for one; it is {_deployment.Pulling} of {_deployment.Asked}");
    }

    [Fact]
    public async Task Start_OfAPresentImage_AndItsRemoval_AreDoneWhileAnothersPullsHang()
    {
        var submitted = await _worker.SubmitAsync(Prepare("near", "red", "near"));
        var ended = await _worker.UntilAsync(submitted.Id, now => now.State is SandboxState.Stopped, "started, which ends it here");
        Assert.Equal(PullingDeployment.Present, ended.Reason);

        var deleted = await _worker.Sandboxes.DeleteAsync(submitted.Id, CancellationToken.None);

        Assert.True(deleted.TryGet(out _, out var error), error?.Text);
        await WorkerHost.UntilAsync(() => _deployment.IsGone(submitted.Incarnation), "what was deleted is removed");
        Assert.Equal((2 * Share, Share), (_deployment.Asked, _deployment.Pulling));
    }

    [Fact]
    public async Task Stop_OfAPullThatHangs_EndsIt_AndTheNextOfItsTenantGoesOn()
    {
        var pulling = Assert.Single(_hanging, record => record.Id.ToString() == "far-0");

        var stopped = await _worker.Sandboxes.StopAsync(pulling.Id, StopReason.Asked, CancellationToken.None);

        Assert.True(stopped.TryGet(out _, out var error), error?.Text);
        await WorkerHost.UntilAsync(() => _deployment.IsGone(pulling.Incarnation), "what was begun is removed");
        await WorkerHost.UntilAsync(
            () => _deployment is { Asked: 2 * Share, Pulling: Share }, "its places in both classes are taken by the next");
    }

    [Fact]
    public async Task Pull_OfAnotherTenant_BeginsWhileTheFirstHasItsShare()
    {
        await _worker.SubmitAsync(Prepare("far-red", "red", PullingDeployment.Far));

        await WorkerHost.UntilAsync(() => _deployment.Pulling == Share + 1, "the pull of the other tenant begins");
    }

    [Fact]
    public async Task Jobs_OfAServerThatDied_BeginAgainInTheSlotsOfItsNextLife()
    {
        await _worker.CrashAsync();
        await WorkerHost.UntilAsync(() => _deployment is { Asked: 0, Pulling: 0 }, "the pulls end with their server");

        _worker = await WorkerHost.StartAsync(
            _data.Path, services => services.RemoveAll<IDeployment>().AddSingleton<IDeployment>(_deployment), ("Concurrency", "16"));

        await WorkerHost.UntilAsync(
            () => _deployment is { Asked: 2 * Share, Pulling: Share }, $"{Share} pulls go on again, and as many starts wait for one");
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        _data.Dispose();
    }

    private static SandboxInstance Prepare(string id, string tenant, string image) =>
        WorkerHost.Prepare(id, image: image) with { Tenant = tenant };
}
