using Sandbox.Testing;

namespace Sandbox.Chaos.Tests;

/// <summary>A few seconds of what <c>./chaos</c> does for minutes. Without doubled deliveries: where nodes share an engine, a start that
/// is delivered while its first holder still acts may cost the fresh container, and <c>./chaos</c> says so.</summary>
public sealed class ShortRunTests
{
    [NeedsPrivateEngineFact]
    public Task Run_WithRedis_IsGreen() => MustBeGreenAsync(new ChaosOptions { Length = TimeSpan.FromSeconds(15), Seed = 7, Clients = 4 });

    [NeedsPrivateEngineFact]
    public Task Run_WithoutRedisFromTheFirst_IsGreen() =>
        MustBeGreenAsync(new ChaosOptions { Length = TimeSpan.FromSeconds(15), Seed = 11, Clients = 4, HasRedis = false });

    private static async Task MustBeGreenAsync(ChaosOptions options)
    {
        options = options with { Without = ["doubled job delivery"] };
        List<string> said = [];
        var report = await new ChaosRun(options, line =>
        {
            lock (said)
            {
                said.Add(line);
            }
        }, TimeProvider.System).RunAsync();

        Assert.True(report.IsGreen, $"the run was to be green: {report}\n{string.Join('\n', said)}");
        Assert.True(report.Operations.Count(operation => operation.IsDone) > 50, $"the clients were to get something done: {report}");
        Assert.True(report.Faults.Values.Sum() >= 3, $"the schedule was to harm the cluster: {report}");
        Assert.True(report.Verdict.Made > 200, $"the checker was to look at what was done: {report}");
    }
}
