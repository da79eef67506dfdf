using Sandbox.Testing;


namespace Sandbox.Chaos.Faults;

/// <summary>Restart of the run's own engine: one that keeps containers running, or one that ends them all.</summary>
public sealed class EngineRestart(PrivateEngine engine, bool liveRestore, TimeProvider time) : IFault
{
    public string Kind => $"engine restart, live-restore {(liveRestore ? "on" : "off")}";

    public string Target => "engine";

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        await engine.EndAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 1500)), time);
        return async () =>
        {
            // An engine without live-restore ends what it finds running when it starts.
            await engine.StartAgainAsync(liveRestore);
            if (!liveRestore)
            {
                await engine.EndAsync();
                await engine.StartAgainAsync(liveRestore: true);
            }
        };
    }
}
