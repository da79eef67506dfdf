using Sandbox.Chaos.Histories;

namespace Sandbox.Chaos.Clients;

/// <summary>One user of the cluster: leads its own sandboxes through their lives, one after the other, and now and then does
/// something to one that others use too. It goes on whatever it is answered.</summary>
public sealed class ChaosClient(MarkedCalls calls, string name, SharedSandboxes shared, Random random, TimeProvider time)
{
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan PassedWithin = TimeSpan.FromSeconds(75);

    public async Task RunAsync(CancellationToken ends)
    {
        for (var life = 1; !ends.IsCancellationRequested; life++)
        {
            await LiveAsync($"{name}-{life}", ends);
        }
    }

    private async Task LiveAsync(string sandbox, CancellationToken ends)
    {
        await calls.CreateAsync(sandbox);
        for (var restarts = random.Next(3); ; restarts--)
        {
            if (await AfterAsync("pending", sandbox, ends) is not "running")
            {
                break;
            }

            await UseAsync(sandbox, ends);
            await UntilTakenAsync(() => calls.StopAsync(sandbox), ends);
            if (restarts <= 0 || ends.IsCancellationRequested)
            {
                break;
            }

            if (random.Next(4) == 0)
            {
                // Taken out again by the restart, on whichever node.
                await calls.ArchiveAsync(sandbox);
                await AfterAsync("archiving", sandbox, ends);
            }

            await calls.RestartAsync(sandbox);
        }

        // One in eight is left as it is: what no client deletes must be right in the end, too.
        if (random.Next(8) > 0)
        {
            await UntilTakenAsync(() => calls.StopAsync(sandbox), ends);
            await UntilTakenAsync(() => calls.DeleteAsync(sandbox), ends);
            await calls.StatusAsync(sandbox);
        }
    }

    private async Task UseAsync(string sandbox, CancellationToken ends)
    {
        for (var uses = random.Next(4, 16); uses > 0 && !ends.IsCancellationRequested; uses--)
        {
            await BreatheAsync();
            _ = random.Next(12) switch
            {
                < 6 => await calls.ExecuteAsync(sandbox),
                < 7 => await calls.SessionAsync(sandbox),
                < 9 => await calls.StatusAsync(sandbox),
                _ => await shared.TouchAsync(calls, random),
            };
        }
    }

    /// <summary>Its state once it is not the transient one any more; null: it is unknown, or cannot be told.</summary>
    private async Task<string?> AfterAsync(string transient, string sandbox, CancellationToken ends)
    {
        // Asks less and less often: most of what a client does is to be more than to ask.
        var breath = Breath;
        for (var began = time.GetTimestamp(); !ends.IsCancellationRequested && time.GetElapsedTime(began) < PassedWithin;)
        {
            var status = await calls.StatusAsync(sandbox);
            if (status.IsDone && status.Detail != transient)
            {
                return status.Detail;
            }

            if (status.Answer is Answer.Refused)
            {
                return null;
            }

            await Task.Delay(breath *= 2, time, CancellationToken.None);
        }

        return null;
    }

    /// <summary>Asks again while it is not known what came of it, as a careful user does; three times at most.</summary>
    private async Task UntilTakenAsync(Func<Task<Operation>> call, CancellationToken ends)
    {
        for (var tries = 0; tries < 3 && !ends.IsCancellationRequested; tries++)
        {
            if ((await call()).Answer is not Answer.Unknown)
            {
                return;
            }

            await BreatheAsync();
        }
    }

    private Task BreatheAsync() => Task.Delay(Breath, time, CancellationToken.None);
}
