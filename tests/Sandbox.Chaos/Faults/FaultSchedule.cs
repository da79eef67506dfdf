using System.Collections.Concurrent;

namespace Sandbox.Chaos.Faults;

/// <summary>
/// Which fault comes when, by a seed: every kind once in a random order, then every kind again. Several sequences run at once, but
/// never two faults of the same target.
/// </summary>
/// <param name="isNext">Asked after each fault until the next one may come.</param>
public sealed class FaultSchedule(
    IReadOnlyList<IFault> faults, int seed, int overlap, Func<int, bool> isNext, Action<string> say, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, int> _injected = new(faults.Select(fault => KeyValuePair.Create(fault.Kind, 0)));
    private readonly Dictionary<string, SemaphoreSlim> _targets =
        faults.Select(fault => fault.Target).Distinct().ToDictionary(target => target, _ => new SemaphoreSlim(1));
    private readonly Queue<IFault> _order = [];
    private readonly Random _random = new(seed);

    public IReadOnlyDictionary<string, int> Injected => _injected;

    /// <summary>Injects until told to end; then everything is healed.</summary>
    public Task RunAsync(CancellationToken ends) => Task.WhenAll(Enumerable.Range(0, overlap).Select(_ => SequenceAsync(ends)));

    private async Task SequenceAsync(CancellationToken ends)
    {
        while (!ends.IsCancellationRequested)
        {
            var (fault, random) = Next();
            var target = _targets[fault.Target];
            try
            {
                await target.WaitAsync(ends);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                say($"fault: {fault.Kind}");
                var heal = await fault.InjectAsync(random);
                await heal();
                _injected.AddOrUpdate(fault.Kind, 1, (_, count) => count + 1);
                say($"healed: {fault.Kind}");
            }
            finally
            {
                target.Release();
            }

            do
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(200, 1200)), time, CancellationToken.None);
            }
            while (!ends.IsCancellationRequested && !isNext(_injected.Values.Sum()));
        }
    }

    private (IFault Fault, Random Random) Next()
    {
        lock (_order)
        {
            if (_order.Count == 0)
            {
                foreach (var fault in faults.OrderBy(_ => _random.Next()))
                {
                    _order.Enqueue(fault);
                }
            }

            return (_order.Dequeue(), new Random(_random.Next()));
        }
    }
}
