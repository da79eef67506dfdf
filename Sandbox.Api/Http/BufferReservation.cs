namespace Sandbox.Api.Http;

/// <summary>What one request holds of the <see cref="BufferBudget"/> for a body or an answer whose length shows only as it
/// arrives.</summary>
internal sealed class BufferReservation(BufferBudget budget, HttpContext http)
{
    private const long LeastStep = 64 * 1024, MostStep = 1024 * 1024;

    private long _held = BufferBudget.Free;

    /// <summary>Whether it may be so many bytes altogether.</summary>
    public async ValueTask<bool> TryReachAsync(long bytes, CancellationToken cancellationToken)
    {
        while (bytes > _held)
        {
            // More than there ever is for one request would be waited for in vain.
            var most = BufferBudget.Free + budget.Share - _held;
            var step = Math.Min(WholeUnits(Math.Max(bytes - _held, Math.Clamp(_held, LeastStep, MostStep))), most);
            if (bytes - _held > most || !await budget.TryReserveAsync(http, step, cancellationToken))
            {
                return false;
            }

            _held += step;
        }

        return true;
    }

    /// <summary>What is counted is counted in whole units: parts of them, step by step, would use up a share before its end.</summary>
    private static long WholeUnits(long bytes) => (bytes + BufferBudget.Unit - 1) / BufferBudget.Unit * BufferBudget.Unit;
}
