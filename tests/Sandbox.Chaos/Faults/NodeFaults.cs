using Sandbox.Chaos.Nodes;

namespace Sandbox.Chaos.Faults;

/// <summary>One worker is cut off from Postgres and Redis: its calls hang, its leases run out, and what it had sent arrives late.</summary>
public sealed class StoresCut(string target, Func<Random, HarmableNode> choose, TimeProvider time) : IFault
{
    public string Kind => "network cut between a Worker and the stores";

    public string Target => target;

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        var victim = choose(random);
        victim.Cut();
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 14_000)), time);
        return () =>
        {
            victim.Connect();
            return Task.CompletedTask;
        };
    }
}

/// <summary>The disk of one worker's data folder is full, of bytes and of files.</summary>
public sealed class FullDisk(string target, Func<Random, HarmableNode> choose, TimeProvider time) : IFault
{
    public string Kind => "full disk of a Worker";

    public string Target => target;

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        var victim = choose(random);
        victim.FillDisk();
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 5000)), time);
        return () =>
        {
            victim.EmptyDisk();
            return Task.CompletedTask;
        };
    }
}

/// <summary>The time of day of one worker jumps ahead, and back again when it is healed.</summary>
public sealed class ClockJump(string target, Func<Random, HarmableNode> choose, Action<string> complain, TimeProvider time) : IFault
{
    private static readonly TimeSpan ReadWithin = TimeSpan.FromSeconds(60), LookEvery = TimeSpan.FromMilliseconds(100);

    public string Kind => "clock jump of a Worker";

    public string Target => target;

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        var victim = choose(random);
        victim.ForgetJump();
        victim.Jump(TimeSpan.FromSeconds(random.Next(5, 90)));
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 5000)), time);
        for (var began = time.GetTimestamp(); !victim.HasJumped;)
        {
            if (time.GetElapsedTime(began) > ReadWithin)
            {
                complain($"the clock of {victim.Name} was to jump, and its process has not looked at it");
                break;
            }

            await Task.Delay(LookEvery, time);
        }

        return () =>
        {
            victim.Jump(TimeSpan.Zero);
            return Task.CompletedTask;
        };
    }
}
