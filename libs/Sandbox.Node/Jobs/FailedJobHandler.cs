using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>Handles a job that failed at its last attempt: its sandbox leaves its transient state with the reason, and the job becomes a
/// dead letter. In this order, so that a crash between the two only repeats the first.</summary>
internal sealed class FailedJobHandler(
    IJobStore jobs, ISandboxStore records, ICommitStore commits, SandboxTransitions transitions, FailureReporter failures,
    TimeProvider time)
{
    /// <param name="exception">What its last attempt failed of: the dead letter, which operators read, has its words.</param>
    public async Task DeadLetterAsync(ClaimedJob claimed, Exception exception)
    {
        const string Kind = "it failed each time that it was tried";
        var record = await records.FindAsync(claimed.Job.SandboxId, CancellationToken.None);
        await DeadLetterAsync(
            claimed, record, record is null ? Kind : failures.Describe(record, Kind, exception), exception.Message);
    }

    public async Task DeadLetterAsync(ClaimedJob claimed, string reason) =>
        await DeadLetterAsync(claimed, await records.FindAsync(claimed.Job.SandboxId, CancellationToken.None), reason, reason);

    /// <param name="told">What the sandbox's tenant reads.</param>
    private async Task DeadLetterAsync(ClaimedJob claimed, SandboxInstance? record, string told, string reason)
    {
        var job = claimed.Job;
        if (job is CommitSandboxJob commit)
        {
            await EndAsync(commit, told);
        }

        if (record is not null && record.Version == job.SandboxVersion && record.Incarnation == job.Incarnation
            && transitions.GiveUp(record, told, time.GetUtcNow()) is { } transition)
        {
            await records.TryTransitionAsync(transition with { Claim = claimed }, CancellationToken.None);
        }

        await jobs.TryDeadLetterAsync(claimed, reason, CancellationToken.None);
    }

    private Task<bool> EndAsync(CommitSandboxJob job, string reason) => commits.TryEndAsync(
        new SandboxCommit(
            job.SandboxId, job.ImageTag, CommitPhase.Failed, job.StartedAt, time.GetUtcNow(), ErrorCode: "WORKER_UNREACHABLE",
            ErrorMessage: reason),
        CancellationToken.None);
}
