using Sandbox.Benchmarks;
using Sandbox.Benchmarks.Engine;
using Sandbox.Benchmarks.Measurements;
using Sandbox.Benchmarks.Servers;

if (args is [GatewayHost.Verb, .. var settings])
{
    await GatewayHost.RunAsync(settings);
    return 0;
}

var root = args[0];
var check = args.Contains("--check");
var claims = args.FirstOrDefault(argument => argument.StartsWith("claims=", StringComparison.Ordinal));
var only = args.Skip(1).Where(argument => !argument.StartsWith('-')).Select(argument => argument.Split('=')[0]).ToList();
var count = claims is null ? 200_000 : int.Parse(claims["claims=".Length..], System.Globalization.CultureInfo.InvariantCulture);
var memory = args.FirstOrDefault(argument => argument.StartsWith("memory=", StringComparison.Ordinal));
var rounds = memory is null ? 20 : int.Parse(memory["memory=".Length..], System.Globalization.CultureInfo.InvariantCulture);

(string Name, Func<Bench, Task> RunAsync)[] measurements =
[
    ("cold", ColdStart.RunAsync),
    ("commands", Commands.RunAsync),
    ("agent", AgentMemory.RunAsync),
    ("noisy", NoisySandboxes.RunAsync),
    ("slow", SlowReader.RunAsync),
    ("cli", CommandLine.RunAsync),
    ("telemetry", TelemetryCost.RunAsync),
];

var chosen = measurements.Where(measurement => only.Count == 0 || only.Contains(measurement.Name)).ToList();
var sheet = new Sheet();
(string Name, Func<Sheet, Task> RunAsync)[] clusters =
[
    ("store", StoreCycles.RunAsync),
    ("claims", sheet => Claims.RunAsync(sheet, count)),
    ("creates", ClusterNodeApi.CreatesAsync),
    ("fairness", Fairness.RunAsync),
    ("statuses", ClusterNodeApi.StatusesAsync),
    ("exec", ClusterNodeApi.ExecAsync),
    ("pulls", HangingPulls.RunAsync),
];
foreach (var (_, runAsync) in clusters.Where(measurement => only.Count == 0 || only.Contains(measurement.Name)))
{
    await runAsync(sheet);
}

if (only.Count == 0 || only.Contains("head"))
{
    await HeadTrials.RunAsync(sheet);
}

if (only.Count == 0 || only.Contains("stack"))
{
    await StackTrials.RunAsync(root, sheet);
}

if (only.Count == 0 || only.Contains("memory"))
{
    await MemoryTrials.RunAsync(root, sheet, rounds);
}

if (only.Count == 0 || only.Contains("proxy"))
{
    await ProxyTrials.RunAsync(root, sheet);
}

if (only.Count == 0 || only.Contains("gateway"))
{
    await GatewayTrials.RunAsync(root, sheet);
}

if (chosen.Count > 0)
{
    using var engine = new RawEngine();
    await using var server = await ServerProcess.StartAsync(root, "docker");
    var bench = new Bench(root, engine, server, sheet);
    try
    {
        foreach (var (_, runAsync) in chosen)
        {
            await runAsync(bench);
        }
    }
    finally
    {
        await bench.RemoveAllAsync();
    }
}

Console.WriteLine();
Console.Write(Report.Table(sheet.Rows));
if (only.Count == 0)
{
    await Report.WriteAsync(Path.Combine(root, "tests", "Sandbox.Benchmarks", "results"), sheet.Rows);
}

var missed = sheet.Rows.Count(row => !row.IsMet);
Console.WriteLine(missed == 0 ? "every budget is met" : $"{missed} budgets are missed");
return check && missed > 0 ? 1 : 0;
