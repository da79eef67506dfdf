using System.Net.Http.Json;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>
/// How much longer a short command takes in one sandbox while another on the same machine takes all that it can of one thing. Each
/// neighbour has 256 MiB, one processor and few processes, and ends by itself: the first thing that it starts kills it later.
/// </summary>
internal static class NoisySandboxes
{
    private const int Execs = 2000;
    private const int Processes = 512;

    /// <summary>Most that a neighbour has on the disk at any time.</summary>
    private const int DiskMiB = 512;

    /// <summary>More than the agent gives.</summary>
    private const int Watches = 300;

    private static readonly TimeSpan SettleFor = TimeSpan.FromSeconds(2);

    /// <summary>Shell text. <c>sh -i</c> goes on with the next line when it cannot start a process; another shell would end.</summary>
    private static readonly (string What, string Script)[] Neighbours =
    [
        ("a fork bomb", "yes 'f() { f | f & }; f' | sh -i"),
        ("a zombie storm", "sh -c 'for i in $(seq 300); do true & done; exec sleep 60' & yes '(true &)' | sh -i"),
        ("a memory hog", "yes 'dd if=/dev/zero of=/dev/null bs=400M count=1' | sh -i"),
        // Of the shortest lines, each of which costs the engine as much as a long one.
        ("a log flood", "yes >/proc/1/fd/1"),
        ("a disk fill", $"while :; do dd if=/dev/zero of=/fill bs=1M count={DiskMiB} conv=fsync; done"),
        ("an inode fill", "mkdir /many; while :; do i=0; while [ $i -lt 50000 ]; do : >/many/$i; i=$((i+1)); done; rm -rf /many/*; done"),
        ("descriptor exhaustion", "for i in $(seq 100); do tail -f $(yes /etc/passwd | head -n 1000) & done; wait"),
        ("inotify exhaustion", "while :; do : >/tmp/a; rm /tmp/a; done"),
    ];

    public static async Task RunAsync(Bench bench)
    {
        if (new DriveInfo("/").AvailableFreeSpace < 10L * DiskMiB << 20)
        {
            throw new InvalidOperationException($"the disk has less than ten times the {DiskMiB} MiB that a neighbour fills");
        }

        var quiet = await bench.StartAsync();
        await MeasureAsync(bench, quiet);
        var before = await MeasureAsync(bench, quiet);
        foreach (var (what, script) in Neighbours)
        {
            var neighbour = await StartAsync(bench);
            var during = await BesideAsync(bench, neighbour, script, () => MeasureAsync(bench, quiet));
            var after = await MeasureAsync(bench, quiet);
            bench.Add(Row.AtMost(
                $"execute true beside {what}, p99 by that without it", P99(during) / P99([.. before, .. after]), "×", 2,
                $"beside it {new Samples(during)}; without it before and after {new Samples([.. before, .. after])}"));
            before = after;
        }

        await bench.RemoveAsync(quiet);
    }

    private static async Task<SandboxId> StartAsync(Bench bench)
    {
        var request = Bench.NewSandbox();
        request.PidsLimit = Processes;
        return SandboxId.Parse((await bench.Client.StartAndWaitAsync(request, null, CancellationToken.None)).SandboxId!);
    }

    private static async Task<List<double>> BesideAsync(
        Bench bench, SandboxId neighbour, string script, Func<Task<List<double>>> measureAsync)
    {
        var request = new StartRequest
        {
            Process = new ProcessConfig { Cmd = "sh", Args = ["-c", $"(sleep 60; kill -9 -1) & {{ {script}; }} >/dev/null 2>&1"] },
            Stdin = false,
        };
        if (script.Contains("/tmp/a", StringComparison.Ordinal))
        {
            await WatchAsync(bench, neighbour);
        }

        await using (await bench.Client.Processes(neighbour).StartAsync(request, CancellationToken.None))
        {
            await Task.Delay(SettleFor, TimeProvider.System);
            var measured = await measureAsync();

            // While it goes on: what it leaves open must not keep anybody from ending it.
            await bench.RemoveAsync(neighbour);
            return measured;
        }
    }

    /// <summary>Asks for more watches of a folder than there are, until the sandbox or the machine gives no more.</summary>
    private static async Task WatchAsync(Bench bench, SandboxId neighbour)
    {
        using var http = new HttpClient { BaseAddress = bench.Server.Url };
        http.DefaultRequestHeaders.Add("E2b-Sandbox-Id", neighbour.ToString());
        for (var watch = 0; watch < Watches; watch++)
        {
            using var answer = await http.PostAsJsonAsync("filesystem.Filesystem/CreateWatcher", new { path = "/tmp" });
            if (!answer.IsSuccessStatusCode)
            {
                return;
            }
        }
    }

    private static async Task<List<double>> MeasureAsync(Bench bench, SandboxId quiet)
    {
        var samples = new Samples();
        for (var exec = 0; exec < Execs; exec++)
        {
            await samples.TimeAsync(() => bench.ExecuteTrueAsync(quiet));
        }

        return [.. samples.Values];
    }

    private static double P99(IReadOnlyList<double> values) => new Samples(values).Percentile(99);
}
