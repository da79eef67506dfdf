using System.Diagnostics;
using Hangfire;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;

namespace Sandbox.Benchmarks.Stores;

/// <summary>What the same Postgres does for Hangfire: jobs that do nothing, enqueued and worked off at the same time. A job that one
/// of its workers fetches and then forgets comes back after half an hour; the rest is measured without it.</summary>
public static class HangfireQueue
{
    private const int Enqueuers = 16;
    private const int Workers = 32;

    private static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(5);

    private static int _done;

    internal static async Task<double> JobsPerSecondAsync(string postgres, int jobs)
    {
        var options = new PostgreSqlStorageOptions { QueuePollInterval = TimeSpan.FromMilliseconds(50), EnableLongPolling = true };
        var wide = postgres.Replace("Maximum Pool Size=20", "Maximum Pool Size=80", StringComparison.Ordinal);
        var storage = new PostgreSqlStorage(new NpgsqlConnectionFactory(wide, options), options);
        using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = Workers }, storage);
        var client = new BackgroundJobClient(storage);
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Enqueuers).Select(_ => Task.Run(() =>
        {
            for (var job = 0; job < jobs / Enqueuers; job++)
            {
                client.Enqueue(() => Nothing());
            }
        })));
        var (done, at) = (Volatile.Read(ref _done), Stopwatch.GetTimestamp());
        while (done < jobs / Enqueuers * Enqueuers && Stopwatch.GetElapsedTime(at) < Forgotten)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            if (Volatile.Read(ref _done) is var now && now > done)
            {
                (done, at) = (now, Stopwatch.GetTimestamp());
            }
        }

        return done / Stopwatch.GetElapsedTime(begin, at).TotalSeconds;
    }

    /// <summary>The job.</summary>
    public static void Nothing() => Interlocked.Increment(ref _done);
}
