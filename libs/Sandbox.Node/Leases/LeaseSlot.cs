namespace Sandbox.Node.Leases;

/// <summary>Where a lease is kept while it is held, and where those wait who act only under it.</summary>
internal sealed class LeaseSlot : IDisposable
{
    private HeldLease? _held;
    private TaskCompletionSource<LeaseToken> _next = Fresh();

    /// <summary>As it was last taken, whether or not it may still be relied on.</summary>
    public HeldLease? Held => Volatile.Read(ref _held);

    public LeaseToken? Current => Held is { IsHeld: true } held ? held.LeaseToken : null;

    public async Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = Volatile.Read(ref _next).Task;
            if (Current is { } hold)
            {
                return hold;
            }

            await next.WaitAsync(cancellationToken);
        }
    }

    public void Take(HeldLease held)
    {
        Volatile.Write(ref _held, held);
        Interlocked.Exchange(ref _next, Fresh()).SetResult(held.LeaseToken);
    }

    /// <summary>Whoever acts under it is told to stop. The answer is what was held; null: nothing.</summary>
    public HeldLease? Leave()
    {
        var held = Interlocked.Exchange(ref _held, null);
        held?.End();
        return held;
    }

    public void Dispose() => Interlocked.Exchange(ref _held, null)?.Dispose();

    private static TaskCompletionSource<LeaseToken> Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
