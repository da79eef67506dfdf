using System.Diagnostics;
using Sandbox.Benchmarks.Servers;
using Sandbox.Benchmarks.Stores;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Testing.Postgres;
using Sandbox.Testing.Redis;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>The store and job layer alone: whole lives of sandboxes that no container stands behind, beside a queue that many
/// .NET programs use, on the same Postgres with the same durability.</summary>
internal static class StoreCycles
{
    private const int Budget = 1000;
    private const int Cycles = 8000;
    private const int AtOnce = 128;
    private const int Workers = 4;

    private static readonly SandboxTransitions Transitions = new(new AutoPolicy(new LifecycleOptions()));

    public static async Task RunAsync(Sheet sheet)
    {
        await using var postgres = await PostgresServer.StartAsync();
        await using var redis = await RedisServer.StartAsync();
        await using var fleet = await Fleet.StartAsync(await postgres.NewDatabaseAsync(), redis.ConnectionString, Workers);

        // What a process pays once (its code, its connections) is paid before: for a while a third of its time is the compiler's.
        await RunAsync(fleet, Cycles / 2, AtOnce, pause: null);
        var before = Processors();
        var took = await RunAsync(fleet, Cycles, AtOnce, pause: null);
        var rate = Cycles / took.TotalSeconds;
        var jobs = 2 * rate;
        var used = Processors().Zip(before, (now, then) => (now - then) / Cycles * 1000).ToList();
        var claims = await ClaimsAtAsync(fleet, Budget / 2);
        var faster = await ClaimsAtAsync(fleet, rate / 2);

        sheet.Add(Row.AtLeastAs(
            "whole lives (create, claim, running, stop, deleted) at the store, null deployment, commits on disk", rate, "/s", Budget,
            $"{Cycles} lives, {AtOnce} at once, {Workers} workers"));
        sheet.Add(Row.Info(
            "processor time of such a life", used.Sum(), "ms",
            $"Postgres {used[0]:0.00} ms, Redis {used[1]:0.00} ms, workers and callers {used[2]:0.00} ms"));
        sheet.Add(Row.AtMost(
            "from before a create to its claim, p99, at half the load that is asked for", claims.Percentile(99), "ms", 20,
            $"{claims}; {Budget / 2} lives/s"));
        sheet.Add(Row.Info("the same at half of what was measured", faster.Percentile(99), "ms", $"{faster}; {rate / 2:0} lives/s"));
        sheet.Add(Row.AtMost("double claims", fleet.DoubleClaims, "", 0, $"of {fleet.Claims} claims"));

        var queue = await HangfireQueue.JobsPerSecondAsync(await postgres.NewDatabaseAsync(), Cycles);
        sheet.Add(
            Row.AtLeastAs("jobs/s, by Hangfire's on the same Postgres", jobs / queue, "×", 5, $"ours {jobs:0}/s, Hangfire {queue:0}/s"));

        double[] Processors() =>
            [ProcessorTime.OfTree(postgres.ProcessId), ProcessorTime.OfTree(redis.ProcessId), Environment.CpuUsage.TotalTime.TotalSeconds];
    }

    private static async Task<Samples> ClaimsAtAsync(Fleet fleet, double perSecond)
    {
        fleet.Waits.Clear();
        await RunAsync(fleet, Cycles / 2, AtOnce, pause: TimeSpan.FromSeconds(1 / perSecond));
        return new Samples(fleet.Waits);
    }

    /// <param name="pause">Between two creates; null: as fast as it goes.</param>
    private static async Task<TimeSpan> RunAsync(Fleet fleet, int cycles, int atOnce, TimeSpan? pause)
    {
        var begin = Stopwatch.GetTimestamp();
        using var slots = new SemaphoreSlim(atOnce);
        var lives = new List<Task>(cycles);
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            if (pause is { } each
                && begin + (long)(cycle * each.TotalSeconds * Stopwatch.Frequency) - Stopwatch.GetTimestamp() is > 0 and var early)
            {
                await Task.Delay(TimeSpan.FromSeconds((double)early / Stopwatch.Frequency), TimeProvider.System);
            }

            await slots.WaitAsync();
            lives.Add(LiveAsync(fleet, slots));
        }

        await Task.WhenAll(lives);
        await fleet.IdleAsync();
        return Stopwatch.GetElapsedTime(begin);
    }

    private static async Task LiveAsync(Fleet fleet, SemaphoreSlim slots)
    {
        try
        {
            await Task.Yield();
            var first = NullSandbox.New();
            fleet.Begin(first.Id);
            if (!(await fleet.Records.TryCreateAsync(first, NullSandbox.StartOf(first), CancellationToken.None))
                .TryGet(out _, out var error))
            {
                throw new InvalidOperationException(error.Text);
            }

            var running = await fleet.UntilRunningAsync(first.Id);
            if (!Transitions.Stop(running, StopReason.Asked, TimeProvider.System.GetUtcNow()).TryGet(out var stop, out error)
                || stop.Next.State is not SandboxState.Deleted
                || !await fleet.Records.TryTransitionAsync(stop, CancellationToken.None))
            {
                throw new InvalidOperationException($"{first.Id} was not stopped: {error?.Text}");
            }
        }
        finally
        {
            slots.Release();
        }
    }
}
