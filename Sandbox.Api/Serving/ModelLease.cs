using Sandbox.Domain.Stores;

namespace Sandbox.Api.Serving;

/// <summary>The lease to look after models: of several API processes, one does. Two that do for a moment do no harm, because records are
/// written by compare-and-set and each sandbox has an id that was written before it; they would only do all work twice.</summary>
internal sealed class ModelLease(ILeaseStore leases, TimeProvider time) : IDisposable
{
    private const string Name = "models";

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(6);

    private readonly string _holder = $"models-{Guid.NewGuid():N}";
    private Lease? _lease;
    private CancellationTokenSource? _held;

    /// <summary>Takes it, or renews it. One caller at a time. The token ends when it may be another's; null: another has it.</summary>
    public async Task<CancellationToken?> TryHoldAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        if (_lease is { } lease && _held is { IsCancellationRequested: false } held
            && await leases.TryRenewAsync(lease, Length, cancellationToken))
        {
            held.CancelAfter(Left(asked));
            return held.Token;
        }

        Drop();
        _lease = await leases.TryAcquireAsync(Name, _holder, Length, cancellationToken);
        if (_lease is null)
        {
            return null;
        }

        _held = new CancellationTokenSource(Left(asked), time);
        return _held.Token;
    }

    /// <summary>Gives it back, so that the next process need not wait.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _lease, null) is { } lease)
        {
            Drop();
            await leases.ReleaseAsync(lease, cancellationToken);
        }
    }

    public void Dispose() => Drop();

    /// <summary>Two thirds of it, by this process's clock, from when it was asked for.</summary>
    private TimeSpan Left(long asked) =>
        Length * 2 / 3 - time.GetElapsedTime(asked) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    private void Drop()
    {
        var held = Interlocked.Exchange(ref _held, null);
        held?.Cancel();
        held?.Dispose();
    }
}
