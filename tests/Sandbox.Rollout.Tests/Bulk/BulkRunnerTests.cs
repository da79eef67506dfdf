using Sandbox.Rollout.Bulk;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Tests.Deployments;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Bulk;

public sealed class BulkRunnerTests
{
    [NeedsAnsibleFact]
    [Trait("Row", "28")]
    public async Task Bulk_OfSeveralRuns_HasAResultForEachAndRunsThoseThatMay()
    {
        using var rollout = new AutomatedRollout();
        await rollout.PassedBeforeAsync(CheckpointCatalog.All[2]);
        string[] asked =
        [
            "prerequisites-check@one", "final-validation@two", "prerequisites-check@one", "docker-installation@two", "nope",
            "prerequisites-check@three", "prerequisites-check@all",
        ];

        var results = await rollout.Automation.Bulk.BeginAsync([.. asked.Select(BulkItem.Parse)], "ann", isForced: false, default);
        var ended = await rollout.Automation.Bulk.FollowAsync(results, default);

        Assert.Equal(asked, results.Select(result => result.Item.ToString()));
        Assert.IsType<BeginOutcome.Begun>(results[0].Outcome);
        Assert.IsType<BeginOutcome.PrerequisitesMissing>(results[1].Outcome);
        Assert.IsType<BeginOutcome.AlreadyRunning>(results[2].Outcome);
        Assert.IsType<BeginOutcome.ApprovalRequired>(results[3].Outcome);
        Assert.Equal("there is no checkpoint nope", results[4].Error);
        Assert.Equal("The inventory has no machine three.", results[5].Error);
        Assert.Equal("The inventory has no machine all.", results[6].Error);
        var run = Assert.Single(ended);
        Assert.Equal((ExecutionState.Completed, "one"), (run.State, run.Targets));
        Assert.Equal(["ran one"], rollout.Marks);
        var records = (await rollout.Stores.Rollouts.RecordsAsync(default)).Where(record => record.Checkpoint == "prerequisites-check");
        Assert.True(
            records.Count(record => record.Status is RecordStatus.Passed) == 2 && records.Count(record => record.Execution == run.Id) == 1,
            "the record of the machine that was not asked for was to stay");
    }
}
