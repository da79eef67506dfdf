namespace Sandbox.Node.Leases;

/// <summary>The current lease of this process, and a wait until one is held.</summary>
internal sealed class LeaseSlot : IDisposable
{
    private HeldLease? _held;
    private TaskCompletionSource<LeaseToken> _next = Fresh();

    /// <summary>The lease as it was last taken, whether or not it may still be relied on.</summary>
    public HeldLease? Held => Volatile.Read(ref _held);

    public LeaseToken? Current => Held is { IsHeld: true } held ? held.LeaseToken : null;

    public async Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = Volatile.Read(ref _next).Task;
            if (Current is { } token)
            {
                return token;
            }

            await next.WaitAsync(cancellationToken);
        }
    }

    public void Take(HeldLease held)
    {
        Volatile.Write(ref _held, held);
        Interlocked.Exchange(ref _next, Fresh()).SetResult(held.LeaseToken);
    }

    /// <summary>Drops the lease: everything that acts under it is told to stop. The answer is what was held; null: nothing.</summary>
    public HeldLease? Leave()
    {
        var held = Interlocked.Exchange(ref _held, null);
        held?.End();
        return held;
    }

    public void Dispose() => Interlocked.Exchange(ref _held, null)?.Dispose();

    private static TaskCompletionSource<LeaseToken> Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
