using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Operators;

/// <summary>Accepts that an image is made of a sandbox: writes the commit with the job that a worker claims.</summary>
public sealed class CommitRequests(ISandboxStore records, ICommitStore commits, IChangeFeed feed, TimeProvider time)
{
    /// <inheritdoc cref="ISandboxOperator.CommitAsync"/>
    public async Task<Result<SandboxCommit>> BeginAsync(
        SandboxId id, string imageTag, string? username, string? password, CancellationToken cancellationToken)
    {
        if (await records.FindAsync(id, cancellationToken) is not { } record)
        {
            return SandboxError.CommitRefused.Unknown(id);
        }

        if (record.State is not (SandboxState.Running or SandboxState.Stopped) || record.Spec.Deployment is not DeploymentKind.Docker)
        {
            return new SandboxError.CommitRefused(
                "SANDBOX_CONTAINER_NOT_FOUND",
                $"Sandbox {id} has no container that could be committed ({record.State.Name()}, {record.Spec.Deployment}).");
        }

        var now = new DateTimeOffset(time.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        var job = new CommitSandboxJob
        {
            SandboxId = id,
            SandboxVersion = record.Version,
            Incarnation = record.Incarnation,
            ImageTag = imageTag,
            Username = username,
            Password = password,
            StartedAt = now,
        };
        var running = await commits.BeginAsync(new SandboxCommit(id, imageTag, CommitPhase.Running, now), job, cancellationToken);
        feed.Publish(id);
        return running.ImageTag == imageTag ? running : new SandboxError.CommitConflict(id, running.ImageTag);
    }
}
