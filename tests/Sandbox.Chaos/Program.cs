using Sandbox.Chaos;

if (ChaosOptions.Read(args, out var problem) is not { } options)
{
    await Console.Error.WriteLineAsync($"chaos: {problem}");
    return 2;
}

Directory.CreateDirectory(options.Artifacts);
var begin = TimeProvider.System.GetTimestamp();
var report = await new ChaosRun(
    options, line => Console.WriteLine($"{TimeProvider.System.GetElapsedTime(begin).TotalSeconds,7:0.0} {line}"), TimeProvider.System)
        .RunAsync();
Console.WriteLine(report);
Console.WriteLine($"history, logs and report: {options.Artifacts}");
return report.IsGreen ? 0 : 1;
