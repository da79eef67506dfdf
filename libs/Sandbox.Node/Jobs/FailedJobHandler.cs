using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Jobs;

/// <summary>Handles a job that failed at its last attempt: its sandbox leaves its transient state with the reason, and the job becomes a
/// dead letter. In this order, so that a crash between the two only repeats the first.</summary>
internal sealed class FailedJobHandler(
    IJobStore jobs, ISandboxStore records, ICommitStore commits, SandboxTransitions transitions, TimeProvider time)
{
    public async Task DeadLetterAsync(ClaimedJob claimed, string reason)
    {
        var job = claimed.Job;
        if (job is CommitSandboxJob commit)
        {
            await EndAsync(commit, reason);
        }

        var record = await records.FindAsync(job.SandboxId, CancellationToken.None);
        if (record is not null && record.Version == job.SandboxVersion && record.Incarnation == job.Incarnation
            && transitions.GiveUp(record, reason, time.GetUtcNow()) is { } transition)
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
