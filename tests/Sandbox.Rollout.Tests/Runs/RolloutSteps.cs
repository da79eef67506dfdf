using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Runs;

namespace Sandbox.Rollout.Tests.Runs;

/// <summary>Passes checkpoints in their order, as one who deploys does, and goes on where an earlier one was cut short.</summary>
internal static class RolloutSteps
{
    public static async Task PassAsync(RolloutEngine engine, int count)
    {
        await engine.Runner.ResumeAsync(default);
        foreach (var checkpoint in CheckpointCatalog.All.Take(count))
        {
            if (!(await engine.Store.RecordsAsync(default)).Any(
                record => record.Checkpoint == checkpoint.Name && record.Status is RecordStatus.Passed))
            {
                await RunAsync(engine, checkpoint);
            }
        }
    }

    /// <summary>Runs a checkpoint to its end, with a consent where it needs one.</summary>
    public static async Task<Execution> RunAsync(RolloutEngine engine, Checkpoint checkpoint)
    {
        var begun = await BeginAsync(engine, checkpoint);
        await foreach (var _ in engine.Runner.FollowAsync(begun, default))
        {
            // The store has it.
        }

        return (await engine.Store.FindExecutionAsync(begun.Id, default))!;
    }

    public static async Task<Execution> BeginAsync(RolloutEngine engine, Checkpoint checkpoint)
    {
        var outcome = await engine.Runner.BeginAsync(new RunRequest(checkpoint, "ann"), default);
        if (outcome is BeginOutcome.ApprovalRequired { Plan: var plan })
        {
            var request = await engine.Desk.RequestAsync(plan, "ann", default);
            await engine.Desk.ApproveAsync(request.Id, "bob", "needed", acknowledgesRisks: true, default);
            outcome = await engine.Runner.BeginAsync(new RunRequest(checkpoint, "ann"), default);
        }

        return outcome is BeginOutcome.Begun { Execution: var begun }
            ? begun : throw new InvalidOperationException($"the run of {checkpoint.Name} was to begin: {outcome}");
    }
}
