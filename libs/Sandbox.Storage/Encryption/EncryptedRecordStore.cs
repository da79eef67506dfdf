using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Encryption;

/// <summary>Records whose secrets are encrypted in their rows, and nowhere above them.</summary>
internal sealed class EncryptedRecordStore(IRecordStore records, RecordEncryption encryption) : IRecordStore
{
    public async Task<Result<SandboxInstance>> TryCreateAsync(
        SandboxInstance first, SandboxJob job, CancellationToken cancellationToken)
    {
        var created = await records.TryCreateAsync(encryption.Encrypt(first), encryption.Encrypt(job), cancellationToken);
        return created.TryGet(out var record, out _) ? record with { Spec = first.Spec } : created;
    }

    public async Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
        await records.FindAsync(id, cancellationToken) is { } record ? encryption.Decrypt(record) : null;

    public Task<bool> TryTransitionAsync(SandboxTransition transition, CancellationToken cancellationToken) =>
        records.TryTransitionAsync(Encrypt(transition), cancellationToken);

    public async Task<SandboxInstance?> TransitionAsync(SandboxTransition transition, CancellationToken cancellationToken) =>
        await records.TransitionAsync(Encrypt(transition), cancellationToken) is { } written ? encryption.Decrypt(written) : null;

    public Task<bool> TryUpdateFactsAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        records.TryUpdateFactsAsync(next, cancellationToken);

    public Task<bool> TryReplaceEgressAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        records.TryReplaceEgressAsync(encryption.Encrypt(next), cancellationToken);

    public async Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken)
    {
        var page = await records.ListAsync(query, cancellationToken);
        return page with { Items = [.. page.Items.Select(encryption.Decrypt)] };
    }

    public async Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        [.. (await records.DueAsync(now, limit, cancellationToken)).Select(encryption.Decrypt)];

    public Task<int> PurgeAsync(int limit, CancellationToken cancellationToken) => records.PurgeAsync(limit, cancellationToken);

    // A transition writes no environment: a tombstone has none.
    private SandboxTransition Encrypt(SandboxTransition transition) =>
        transition.Job is { } job ? transition with { Job = encryption.Encrypt(job) } : transition;
}
