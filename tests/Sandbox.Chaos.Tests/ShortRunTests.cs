using Sandbox.Chaos.Histories;
using Sandbox.Testing;

namespace Sandbox.Chaos.Tests;

/// <summary>A little of what <c>./chaos</c> does for minutes: as much on a slow machine as on a quick one.</summary>
/// <remarks>Alone on the machine (see <c>./test</c>): all is to be in order 30 s after the last fault.</remarks>
[Trait("Machine", "alone")]
public sealed class ShortRunTests
{
    private static readonly Goal Goal = new()
    {
        Done = new Dictionary<OperationKind, int>
        {
            [OperationKind.Create] = 6,
            [OperationKind.Execute] = 20,
            [OperationKind.Session] = 3,
            [OperationKind.Stop] = 5,
            [OperationKind.Restart] = 2,
            [OperationKind.Archive] = 1,
            [OperationKind.Delete] = 2,
        },
        Faults = 6,
        DoneBeforeNextFault = 8,
    };

    [NeedsPrivateEngineFact]
    public Task Run_WithRedis_IsGreen() => MustBeGreenAsync(new ChaosOptions { Seed = 7 });

    [NeedsPrivateEngineFact]
    public Task Run_WithoutRedisFromTheFirst_IsGreen() => MustBeGreenAsync(new ChaosOptions { Seed = 11, HasRedis = false });

    private static async Task MustBeGreenAsync(ChaosOptions options)
    {
        List<string> said = [];
        options =
            options with
            {
                Length = TimeSpan.Zero,
                Goal = Goal,
                Overlap = 2,
                Clients = 4,
                Without = ["SIGSTOP of a Worker beyond its grace"]
            };
        var report = await new ChaosRun(options, line =>
        {
            lock (said)
            {
                said.Add(line);
            }
        }, TimeProvider.System).RunAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"{report}");

        Assert.True(report.IsGreen, $"the run was to reach its goal and be green: {report}\n{string.Join('\n', said)}");

        // Each of these has something to be held against it, however much was done.
        var (creates, commands) =
            (Done(report, OperationKind.Create), Done(report, OperationKind.Execute) + Done(report, OperationKind.Session));
        MustHaveLooked(report, "CreatesAreKept", 2 * creates);
        MustHaveLooked(report, "EventsAreEffectiveOnce", 5 * creates);
        MustHaveLooked(report, "HistoriesAreLegal", 2 * creates);
        MustHaveLooked(report, "MarksAreKeptOnce", 3 * commands);
    }

    private static int Done(ChaosReport report, OperationKind kind) => report.Operations.Count(one => one.Kind == kind && one.IsDone);

    private static void MustHaveLooked(ChaosReport report, string check, int times)
    {
        var made = report.CheckSummary.Parts.Single(part => part.Check.GetType().Name == check).Findings.Made;
        Assert.True(made >= times, $"{check} was to be held against at least {times} things that were done, not {made}: {report}");
    }
}
