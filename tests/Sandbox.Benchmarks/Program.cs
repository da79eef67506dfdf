using Sandbox.Benchmarks;
using Sandbox.Benchmarks.Engine;
using Sandbox.Benchmarks.Measurements;
using Sandbox.Benchmarks.Servers;

var root = args[0];
var check = args.Contains("--check");
var only = args.Skip(1).Where(argument => !argument.StartsWith('-')).ToList();

(string Name, Func<Bench, Task> RunAsync)[] measurements =
[
    ("cold", ColdStart.RunAsync),
    ("commands", Commands.RunAsync),
    ("agent", AgentMemory.RunAsync),
    ("slow", SlowReader.RunAsync),
    ("cli", CommandLine.RunAsync),
    ("telemetry", TelemetryCost.RunAsync),
];

var chosen = measurements.Where(measurement => only.Count == 0 || only.Contains(measurement.Name)).ToList();
var sheet = new Sheet();
if (only.Count == 0 || only.Contains("store"))
{
    await StoreCycles.RunAsync(sheet);
}

if (only.Count == 0 || only.Contains("head"))
{
    await HeadTrials.RunAsync(sheet);
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
