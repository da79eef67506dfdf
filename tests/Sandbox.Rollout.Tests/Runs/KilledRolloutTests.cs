using System.Diagnostics;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Records;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Runs;

/// <summary>A rollout whose process is killed between any two of its steps, and that another process takes up.</summary>
public sealed class KilledRolloutTests
{
    private const int Checkpoints = 3;

    private const int Killed = 128 + 9;

    [Fact]
    public async Task Rollout_KilledAtAnyStepBoundary_IsEffectiveOnceAndItsChainIsWhole()
    {
        var points = KillingStore.Points().ToList();
        Assert.True(points.Count >= 20, $"there are to be at least 20 boundaries, not {points.Count}");

        // As many at a time as the smallest machine of these tests has cores.
        await Parallel.ForEachAsync(
            points, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (point, _) =>
            {
                using var folder = new TempFolder();
                StandInAnsible.Write(folder.Path, StandInAnsible.Effect);
                await KillAndResumeAsync(folder, point, Checkpoints);
            });
    }

    [NeedsAnsibleFact]
    public async Task Rollout_OfTheRealAnsible_KilledBeforeAndAfterItsProcessBegan_IsEffectiveOnce()
    {
        foreach (var point in new[] { "TryBeginAsync-1-after", "TryUpdateAsync-1-after" })
        {
            using var folder = new TempFolder();
            StandInAnsible.WriteForReal(folder.Path, StandInAnsible.RealEffect);
            await KillAndResumeAsync(folder, point, checkpoints: 1);
        }
    }

    private static async Task KillAndResumeAsync(TempFolder folder, string point, int checkpoints)
    {
        Assert.True(
            await KilledAsync(folder.Path, point, checkpoints) is Killed,
            $"the rollout was to be killed at {point}, which it did not come to");

        var engine = StandInAnsible.Open(folder.Path, TimeProvider.System);
        using var store = engine.Store;
        await RolloutSteps.PassAsync(engine, checkpoints);

        var names = CheckpointCatalog.All.Take(checkpoints).Select(checkpoint => checkpoint.Name).ToList();
        Assert.True(
            StandInAnsible.EffectsIn(folder.Path).SequenceEqual(names),
            $"each step was to be effective once, in order, although the first process was killed at {point}; it was "
                + string.Join(", ", StandInAnsible.EffectsIn(folder.Path)));
        Assert.Empty(await store.ActiveExecutionsAsync(default));
        Assert.All(await store.RecordsAsync(default), record => Assert.Equal(RecordStatus.Passed, record.Status));
        Assert.All(names, name => Assert.Contains(
            "\"status\": \"PASSED\"",
            File.ReadAllText(Path.Combine(folder.Path, "state", $"checkpoint-{name}-{StandInAnsible.Machine}.json")),
            StringComparison.Ordinal));
        var entries = await store.AuditAsync(after: 0, limit: 1000, default);
        Assert.True(AuditChain.Verify(entries) is null, $"killed at {point}: {AuditChain.Verify(entries)}");
        Assert.Equal(
            (await store.ExecutionsAsync(100, default)).Count, entries.Count(entry => entry.Action == "execution.started"));
    }

    /// <summary>The exit code of a process of this program that passes checkpoints until it is killed.</summary>
    private static async Task<int> KilledAsync(string place, string point, int checkpoints)
    {
        var program = typeof(KilledRolloutTests).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", [program, StartupHook.Word, place, point, $"{checkpoints}"]);
        start.Environment["DOTNET_STARTUP_HOOKS"] = program;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
