using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Operators;

/// <summary>
/// How a sandbox is placed and taken through its life. It gets a configuration that <c>DeploymentManager</c> has
/// prepared, writes record and job, and never touches an engine itself.
/// </summary>
public interface ISandboxOperator
{
    /// <summary>Checks that something can run the sandbox (an engine answers), then writes record and start job.
    /// Nothing is written when it fails.</summary>
    Task<Result<SandboxInstance>> SubmitAsync(SandboxInstance prepared, string? registryPassword, CancellationToken cancellationToken);

    /// <summary>Stops; where the record says so the stop cascades to delete. Stopping what is stopped already is a success.
    /// An unknown id is <see cref="SandboxError.NotFound"/>, which an API may call a success: nothing is archived, but
    /// the sweep of orphans is woken to end what may be left of it. A stop that was asked for completes when
    /// the container has ended, or after a bounded wait; an expiry completes when it is written.</summary>
    Task<Result<SandboxInstance>> StopAsync(SandboxId id, StopReason reason, CancellationToken cancellationToken);

    /// <summary>Starts the stopped container again, or an archived sandbox out of its archive.</summary>
    Task<Result<SandboxInstance>> RestartAsync(SandboxId id, CancellationToken cancellationToken);

    /// <summary>Puts a stopped sandbox into the archive; answers when that has begun.</summary>
    Task<Result<SandboxInstance>> ArchiveAsync(SandboxId id, CancellationToken cancellationToken) =>
        Task.FromResult<Result<SandboxInstance>>(new SandboxError.CannotArchive(id, "this way of placing sandboxes has no archive"));

    /// <summary>Makes an image of the sandbox as it is now; answers when that has begun. While one is being made the same tag gets
    /// that one, another is <see cref="SandboxError.CommitConflict"/>.</summary>
    Task<Result<SandboxCommit>> CommitAsync(
        SandboxId id, string imageTag, string? username, string? password, CancellationToken cancellationToken) =>
        Task.FromResult<Result<SandboxCommit>>(
            new SandboxError.CommitRefused("WORKER_NOT_FOUND", "This way of placing sandboxes makes no images."));

    /// <summary>Deletes a stopped (or archived) sandbox for good; deleting what is deleted already is a success, and an unknown
    /// id <see cref="SandboxError.NotFound"/> as above. Completes like a stop.</summary>
    Task<Result<SandboxInstance>> DeleteAsync(SandboxId id, CancellationToken cancellationToken);

    /// <summary>Completes when the sandbox runs, has failed (<see cref="SandboxError.StartFailed"/>), was ended otherwise
    /// (<see cref="SandboxError.NotStarted"/>), or the token ends.</summary>
    Task<Result<SandboxInstance>> WaitUntilAliveAsync(SandboxId id, CancellationToken cancellationToken);
}
