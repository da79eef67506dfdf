using Sandbox.Chaos.Histories;

namespace Sandbox.Chaos.Clients;

/// <summary>A few sandboxes that all clients use at once, with no regard for each other.</summary>
public sealed class SharedSandboxes(int count)
{
    private readonly int[] _generations = new int[count];

    public async Task<Operation> TouchAsync(MarkedCalls calls, Random random)
    {
        var which = random.Next(count);
        var generation = Volatile.Read(ref _generations[which]);
        var id = $"shared-{which}-{generation}";
        switch (random.Next(40))
        {
            case < 16:
                return await calls.ExecuteAsync(id);
            case < 22:
                return await calls.StatusAsync(id);
            case < 28:
                return await calls.RestartAsync(id);
            case < 32:
                return await calls.StopAsync(id);
            case < 36:
                return await calls.CreateAsync(id);
            case < 38:
                return await calls.ArchiveAsync(id);
            default:
                // A deleted id is refused for a day: the next one takes its place.
                Interlocked.CompareExchange(ref _generations[which], generation + 1, generation);
                return await calls.DeleteAsync(id);
        }
    }
}
