using System.Diagnostics;
using Sandbox.Benchmarks.Servers;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>What a person at the keyboard waits for, and what an idle server costs.</summary>
internal static class CommandLine
{
    private const int Runs = 9;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(Bench bench)
    {
        await RunTrueAsync(bench);
        await IdleAsync(bench);
    }

    private static async Task RunTrueAsync(Bench bench)
    {
        var data = Directory.CreateTempSubdirectory("sbb");
        var samples = new Samples();
        for (var run = 0; run < Runs; run++)
        {
            await samples.TimeAsync(async () =>
            {
                var start = new ProcessStartInfo(
                    Path.Combine(bench.Root, "sandbox"), ["run", "--data", data.FullName, "--deployment", "local", "--", "true"])
                { RedirectStandardInput = true, RedirectStandardError = true };
                start.Environment.Remove("SANDBOX_URL");
                using var process = Process.Start(start)!;
                process.StandardInput.Close();
                var error = await process.StandardError.ReadToEndAsync();
                await process.WaitForExitAsync();
                if (process.ExitCode != 0)
                {
                    throw new InvalidOperationException($"./sandbox run -- true ended with {process.ExitCode}: {error}");
                }
            });
        }

        data.Delete(recursive: true);
        bench.Add(Row.AtMost("./sandbox run -- true on Local", samples.Median / 1000, "s", 1.5, $"{samples}"));
    }

    private static async Task IdleAsync(Bench bench)
    {
        await using var server = await ServerProcess.StartAsync(bench.Root, "docker");
        var fresh = ProcessMemory.ProportionalSetSize(server.Pid);
        var status = await server.Client.StartAndWaitAsync(Bench.NewSandbox(), null, CancellationToken.None);
        await Task.Delay(Rest, TimeProvider.System);
        bench.Add(Row.AtMost(
            "embedded server idle, proportional set size", ProcessMemory.ProportionalSetSize(server.Pid), "MiB", 80,
            $"with one running sandbox, after {Rest.TotalSeconds:0} s; just started {fresh:0.0} MiB"));
        var id = Contracts.Ids.SandboxId.Parse(status.SandboxId!);
        await server.Client.StopAsync(id, CancellationToken.None);
        await server.Client.DeleteAsync(id, CancellationToken.None);
    }
}
