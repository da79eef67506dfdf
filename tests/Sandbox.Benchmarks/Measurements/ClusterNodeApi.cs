using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Sandbox.Benchmarks.Servers;
using Sandbox.Benchmarks.Stores;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Testing.Clusters;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>What a caller sees of a cluster of real processes, over HTTP.</summary>
internal static class ClusterNodeApi
{
    private const int Creates = 1000;
    private const int Warm = 10;
    private const int Few = 100;
    private const int Many = 100_000;
    private const int Calls = 500;

    /// <summary>Many creates at once; nothing but the writes stands behind them.</summary>
    public static async Task CreatesAsync(Sheet sheet)
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup { Apis = 1, Workers = 0 });
        await using var fleet = await Fleet.StartAsync(cluster.Database, cluster.Redis!.ConnectionString, workers: 4);
        var caller = cluster.Callers[0];
        for (var round = 0; round < Warm; round++)
        {
            // What a process pays once (its code, its connections) is paid before.
            await CreateAsync(caller, Creates, $"warm{round}");
            await AllRunAsync(fleet, (round + 1) * Creates);
        }

        var before = Processors();
        var begin = Stopwatch.GetTimestamp();
        var answers = await CreateAsync(caller, Creates, "at-once");
        var answered = Processors();
        await AllRunAsync(fleet, (Warm + 1) * Creates);
        var used = answered.Zip(before, (now, then) => (now - then) / Creates * 1000).ToList();
        sheet.Add(Row.AtMost(
            "1,000 creates at once over HTTP, null deployment: acknowledged, p99", answers.Percentile(99), "ms", 250,
            $"{answers}; all of them ran {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:0} ms after the first was asked for; one "
                + $"API, 4 workers; {Warm} times as many before"));
        sheet.Add(Row.Info(
            "processor time until the last of them is acknowledged, for each", used.Sum(), "ms",
            $"API {used[0]:0.00} ms, Postgres {used[1]:0.00} ms, Redis {used[2]:0.00} ms, callers and workers {used[3]:0.00} ms"));

        double[] Processors() =>
        [
            ProcessorTime.OfTree(cluster.Apis[0].ProcessId), ProcessorTime.OfTree(cluster.Postgres.ProcessId),
            ProcessorTime.OfTree(cluster.Redis.ProcessId),
            Environment.CpuUsage.TotalTime.TotalSeconds,
        ];
    }

    /// <summary>How much slower a status and a page become when there are a thousand times more sandboxes.</summary>
    public static async Task StatusesAsync(Sheet sheet)
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup { Apis = 1, Workers = 0 });
        await using var stores = await StoreHosts.StartAsync(cluster.Database, cluster.Redis!.ConnectionString, 1);
        var first = NullSandbox.New() with { TransientDeadline = TimeProvider.System.GetUtcNow().AddDays(1) };
        await stores.First<ISandboxStore>().TryCreateAsync(first, NullSandbox.StartOf(first), CancellationToken.None);
        var name = new NpgsqlConnectionStringBuilder(cluster.Database).Database!;
        var caller = cluster.Callers[0];

        await GrowAsync(1, Few);
        await MeasureAsync(Few);
        var (statusOfFew, pageOfFew) = await MeasureAsync(Few);
        await GrowAsync(Few + 1, Many);
        var (statusOfMany, pageOfMany) = await MeasureAsync(Many);
        sheet.Add(Row.AtMost(
            "get_status at 100,000 live records, p50 by that at 100", statusOfMany.Median / statusOfFew.Median, "×", 1.2,
            $"100,000: {statusOfMany}; 100: {statusOfFew}"));
        sheet.Add(Row.AtMost(
            "a page of 50 at 100,000 live records, p50 by that at 100", pageOfMany.Median / pageOfFew.Median, "×", 1.2,
            $"100,000: {pageOfMany}; 100: {pageOfFew}"));

        Task GrowAsync(int from, int to) =>
            cluster.Postgres.ExecuteAsync(name, Grow(first.Id.ToString(), from, to));

        async Task<(Samples Status, Samples Page)> MeasureAsync(int records)
        {
            var (status, page, random) = (new Samples(), new Samples(), new Random(20261122));
            for (var call = 0; call < Calls; call++)
            {
                var id = $"grown{random.Next(records) + 1}";
                await status.TimeAsync(async () => Must(
                    (await caller.StatusAsync(id)).GetProperty("state").GetString() == "pending", $"{id} is pending"));
                await page.TimeAsync(async () => Must(
                    Result(await caller.GetAsync("sandboxes?page=1&page_size=50")) is var list
                        && list.GetProperty("items").GetArrayLength() == 50
                        && list.GetProperty("total").GetInt64() == records + 1, $"a page shows 50 of {records + 1}"));
            }

            return (status, page);
        }
    }

    /// <summary>One command, from process to process to agent.</summary>
    public static async Task ExecAsync(Sheet sheet)
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup { Apis = 1, Workers = 1 });
        var caller = cluster.Callers[0];
        await caller.RunAsync("exec");
        var samples = new Samples();
        for (var call = 0; call < 200; call++)
        {
            await TrueAsync();
        }

        for (var call = 0; call < 2 * Calls; call++)
        {
            await samples.TimeAsync(TrueAsync);
        }

        sheet.Add(
            Row.AtMost(
                "execute true across Api, Worker and agent, p50", samples.Median, "ms", 4,
                $"{samples}; one Api and one Worker, each a process"));

        async Task TrueAsync() => Must(
            (await caller.MustPostAsync("execute", new { sandbox_id = "exec", command = Command })).GetProperty("exit_code")
                .GetInt32() == 0, "true ends with 0");
    }

    private static string[] Command { get; } = ["true"];

    /// <summary>What the caller itself has to do is done before the first and after the last.</summary>
    private static async Task<Samples> CreateAsync(RockCaller caller, int count, string prefix)
    {
        var bodies = Enumerable.Range(0, count).Select(number => JsonContent.Create(RockCaller.BodyOfStart($"{prefix}-{number}"))).ToList();
        await Task.WhenAll(bodies.Select(body => body.LoadIntoBufferAsync()));
        var answers = await Task.WhenAll(bodies.Select(async body =>
        {
            var begin = Stopwatch.GetTimestamp();
            using var answer = await caller.Http.PostAsync(RockCaller.Prefix + "start_async", body);
            return (Took: Stopwatch.GetElapsedTime(begin).TotalMilliseconds, Said: await answer.Content.ReadAsByteArrayAsync());
        }));
        foreach (var (_, said) in answers)
        {
            Result(JsonElement.Parse(said));
        }

        return new Samples(answers.Select(answer => answer.Took));
    }

    private static async Task AllRunAsync(Fleet fleet, int count)
    {
        var query = new SandboxQuery([SandboxState.Running], new Dictionary<string, string>(), PageSize: 1);
        var begin = Stopwatch.GetTimestamp();
        while (await fleet.Records.ListAsync(query, CancellationToken.None) is { Total: var running } && running < count)
        {
            Must(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromMinutes(1),
                $"{count} sandboxes run a minute after they were asked for, and {running} do");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    private static JsonElement Result(JsonElement envelope)
    {
        Must(envelope.GetProperty("status").GetString() == "Success", $"a call succeeds: {envelope}");
        return envelope.GetProperty("result");
    }

    private static void Must(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"expected that {what}");
        }
    }

    // Records like the first one, as a fleet that has grown for a while has them.
    private static string Grow(string first, int from, int to) => $"""
        INSERT INTO sandboxes SELECT more.* FROM sandboxes first, generate_series({from}, {to}) n,
            jsonb_populate_record(first, jsonb_build_object('id', 'grown' || n, 'created_at', first.created_at + n * interval '1 millisecond')) more
        WHERE first.id = '{first}';
        ANALYZE sandboxes
        """;
}
