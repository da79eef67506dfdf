using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sandbox.Benchmarks.Stores;
using Sandbox.Domain.Stores;
using Sandbox.Testing.Postgres;
using Sandbox.Testing.Redis;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>Many claims by several workers at once: how many jobs are given to two.</summary>
internal static class Claims
{
    private const int Workers = 4;
    private const int AtOnce = 2;
    private const int Limit = 64;
    private const int SeededAtOnce = 50_000;

    public static async Task RunAsync(Sheet sheet, int count)
    {
        await using var postgres = await PostgresServer.StartAsync();
        await using var redis = await RedisServer.StartAsync();
        var database = await postgres.NewDatabaseAsync();
        await using var stores = await StoreHosts.StartAsync(database, redis.ConnectionString, Workers);
        var first = NullSandbox.New();
        await stores.First<ISandboxStore>().TryCreateAsync(first, NullSandbox.StartOf(first), CancellationToken.None);
        var name = new NpgsqlConnectionStringBuilder(database).Database!;
        await postgres.ExecuteAsync(name, "CREATE TABLE template AS SELECT * FROM jobs; DELETE FROM jobs");

        using var stop = new CancellationTokenSource();
        var nodes = new List<NullNode>();
        for (var number = 0; number < Workers; number++)
        {
            nodes.Add(await NullNode.RegisterAsync(stores.Of(number).GetRequiredService<INodeStore>(), $"n{number}"));
        }

        var living = nodes.ConvertAll(node => node.LiveAsync(stop.Token));
        var claimed = new ConcurrentDictionary<long, int>();
        var took = TimeSpan.Zero;
        for (var done = 0; done < count; done += SeededAtOnce)
        {
            await postgres.ExecuteAsync(name, Seed(done + 1, Math.Min(done + SeededAtOnce, count)));
            var begin = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, Workers * AtOnce).Select(worker => Task.Run(
                () => ClaimAllAsync(stores.Of(worker % Workers).GetRequiredService<IJobStore>(), nodes[worker % Workers], claimed))));
            took += Stopwatch.GetElapsedTime(begin);
        }

        await stop.CancelAsync();
        await Task.WhenAll(living);
        var twice = claimed.Count(job => job.Value > 1);
        sheet.Add(Row.AtMost(
            "jobs claimed by two, or by nobody, of a great many", twice + (count - claimed.Count), "", 0,
            $"{claimed.Values.Sum()} claims of {count} jobs by {Workers} workers, {claimed.Values.Sum() / took.TotalSeconds:0}/s, each "
                + $"completed"));
    }

    private static async Task ClaimAllAsync(IJobStore jobs, NullNode node, ConcurrentDictionary<long, int> claimed)
    {
        // The others may hold what is left for a moment.
        for (var empty = 0; empty < 5;)
        {
            var mine = await jobs.ClaimAsync(
                new JobClaim(node.Name, Limit, TimeSpan.FromMinutes(2)) { Fence = node.Fence }, CancellationToken.None);
            empty = mine.Count == 0 ? empty + 1 : 0;
            foreach (var job in mine)
            {
                claimed.AddOrUpdate(job.Id, 1, (_, times) => times + 1);
            }

            var completed = await Task.WhenAll(mine.Select(job => jobs.TryCompleteAsync(job, CancellationToken.None)));
            if (completed.Contains(false))
            {
                throw new InvalidOperationException("a claimed job was not its claimer's to complete");
            }
        }
    }

    private static string Seed(int from, int to) => $"""
        INSERT INTO jobs (sandbox_id, version, job, tenant, is_start, is_anywhere, slot_class, pinned, cpus, memory_bytes, disk_bytes, gpus, labels, image, claimable_at, created_at)
        SELECT 's' || n, version, replace(job, sandbox_id, 's' || n), tenant, is_start, is_anywhere, slot_class, pinned, cpus, memory_bytes, disk_bytes, gpus, labels, image, store_now(), store_now()
        FROM template, generate_series({from}, {to}) n
        """;
}
