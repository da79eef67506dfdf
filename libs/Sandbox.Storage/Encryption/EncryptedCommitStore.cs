using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Encryption;

/// <summary>Commits whose jobs keep their registry passwords encrypted.</summary>
internal sealed class EncryptedCommitStore(ICommitStore commits, RecordEncryption encryption) : ICommitStore
{
    public Task<SandboxCommit> BeginAsync(SandboxCommit begun, CommitSandboxJob job, CancellationToken cancellationToken) =>
        commits.BeginAsync(begun, (CommitSandboxJob)encryption.Encrypt(job), cancellationToken);

    public Task<SandboxCommit?> FindAsync(SandboxId id, CancellationToken cancellationToken) => commits.FindAsync(id, cancellationToken);

    public Task<bool> TryEndAsync(SandboxCommit ended, CancellationToken cancellationToken) =>
        commits.TryEndAsync(ended, cancellationToken);

    public Task<bool> TryQueueAgainAsync(CommitSandboxJob job, CancellationToken cancellationToken) =>
        commits.TryQueueAgainAsync((CommitSandboxJob)encryption.Encrypt(job), cancellationToken);
}
