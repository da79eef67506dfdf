using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos.Faults;

/// <summary>kill -9 of one process, and its next life.</summary>
/// <param name="choose">The victim; asked each time, for the head is another each time.</param>
public sealed class KilledProcess(
    string kind, string target, Func<Random, Task<ClusterProcess>> choose, Func<ClusterProcess, Task> start, TimeProvider time) : IFault
{
    public string Kind => $"kill -9 of {kind}";

    public string Target => target;

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        var victim = await choose(random);
        await victim.KillAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 3000)), time);
        return () => start(victim);
    }
}

/// <summary>SIGSTOP and SIGCONT of one process: its connections stay, its leases run out, and it wakes in the middle of what it
/// did.</summary>
public sealed class PausedProcess(
    string kind, string target, Func<Random, Task<ClusterProcess>> choose, TimeSpan shortest, TimeSpan longest, TimeProvider time) : IFault
{
    public string Kind => $"SIGSTOP of {kind}";

    public string Target => target;

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        var victim = await choose(random);
        victim.Pause();
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next((int)shortest.TotalMilliseconds, (int)longest.TotalMilliseconds)), time);
        return () =>
        {
            victim.Continue();
            return Task.CompletedTask;
        };
    }
}
