using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Jobs;

/// <summary>A job that fails whenever it is tried.</summary>
public sealed class FailedJobTests : IDisposable
{
    private const string Why = "No deployment of kind Kubernetes is registered on this node.";

    private readonly TempFolder _data = new();

    [Fact]
    public async Task Job_AfterItsLastAttempt_IsADeadLetter_AndItsSandboxHasLeftItsPassingState()
    {
        await using var worker = await WorkerHost.StartAsync(_data.Path, null, ("JobAttempts", "3"), ("FirstJobPause", "00:00:00.001"));
        var pending = WorkerHost.Prepare("box", DeploymentKind.Kubernetes);
        var job = new StartSandboxJob { SandboxId = pending.Id, SandboxVersion = pending.Version, Incarnation = pending.Incarnation };
        Assert.True((await worker.Records.TryCreateAsync(pending, job, CancellationToken.None)).TryGet(out _, out var error), error?.Text);

        var ended = await worker.UntilAsync(pending.Id, record => record.State is not SandboxState.Pending, "out of its transient state");

        Assert.Equal((SandboxState.Stopped, SandboxEvent.StartFailed, Why), (ended.State, ended.History[^1].On, ended.Reason));
        Assert.True(ended.TransientDeadline is null, "nothing is awaited any more");
        DeadLetter? letter = null;
        await Wait.UntilAsync(
            async () =>
                (letter = (await worker.Get<IJobStore>().DeadLettersAsync(10, CancellationToken.None))
                    .FirstOrDefault(one => one.Job is StartSandboxJob)) is not null,
            () => "the start is among the dead letters");
        Assert.Equal((pending.Id, 3, Why), (letter!.SandboxId, letter.Attempts, letter.Reason));
        Assert.False(
            await worker.Get<IJobStore>().HasOpenAsync(pending.Id, pending.Version, CancellationToken.None),
            "a job that is given up is not tried again");
    }

    public void Dispose() => _data.Dispose();
}
