using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Schedules;
using Sandbox.Rollout.Tests.Deployments;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Schedules;

public sealed class ScheduleTests
{
    private static readonly Checkpoint First = CheckpointCatalog.All[0];

    [Fact]
    [Trait("Row", "28")]
    public async Task DueTime_SeenByManyProcesses_BeginsOneDeployment()
    {
        using var rollout = new AutomatedRollout();
        await AddAsync(rollout, "0 3 * * *", First);
        rollout.Time.Advance(TimeSpan.FromHours(3));
        var processes = Enumerable.Range(0, 8).Select(_ => RolloutStores.OpenAll(rollout.Engine.State.Database)).ToList();

        await Task.WhenAll(processes.Select(stores =>
            Task.Run(() => new Scheduler(stores.Schedules, stores.Deployments, rollout.Time).TickAsync(default))));

        var begun = Assert.Single(await rollout.Stores.Deployments.ActiveAsync(default));
        Assert.Equal(["prerequisites-check"], begun.Steps.Select(step => step.Checkpoint));
        var schedule = Assert.Single(await rollout.Automation.Schedules.ListAsync(default));
        Assert.Equal(
            (begun.Id, AutomatedRollout.Start.AddHours(3), AutomatedRollout.Start.AddHours(27), 0L),
            (schedule.LastDeployment, schedule.LastAt, schedule.NextAt, schedule.Missed));
        processes.ForEach(stores => stores.Dispose());
    }

    [Fact]
    public async Task DueTimes_ThatPassedWhileNobodyLooked_AreOneRunAndRecordedAsMissed()
    {
        using var rollout = new AutomatedRollout();
        await AddAsync(rollout, "0 * * * *", First);
        rollout.Time.Advance(TimeSpan.FromHours(5.5));

        await TickAsync(rollout);
        await TickAsync(rollout);

        Assert.Single(await rollout.Stores.Deployments.ActiveAsync(default));
        var schedule = Assert.Single(await rollout.Automation.Schedules.ListAsync(default));
        Assert.Equal((4, AutomatedRollout.Start.AddHours(5)), (schedule.Missed, schedule.LastAt));
        var missed = (await rollout.Stores.Rollouts.AuditAsync(0, 100, default)).Single(entry => entry.Action == "schedule.missed");
        Assert.Contains("\"times\":\"4\"", missed.Detail, StringComparison.Ordinal);
        Assert.Null(AuditChain.Verify(await rollout.Stores.Rollouts.AuditAsync(0, 100, default)));
    }

    [Fact]
    public async Task DueTime_WhileTheRunBeforeHasNotEnded_IsMissed()
    {
        using var rollout = new AutomatedRollout();
        await AddAsync(rollout, "0 * * * *", First);
        rollout.Time.Advance(TimeSpan.FromHours(1));
        await TickAsync(rollout);
        rollout.Time.Advance(TimeSpan.FromHours(1));

        await TickAsync(rollout);

        Assert.Single(await rollout.Stores.Deployments.ActiveAsync(default));
        Assert.Equal(1, Assert.Single(await rollout.Automation.Schedules.ListAsync(default)).Missed);
    }

    [Fact]
    public async Task Schedule_ThatIsPaused_RunsNotAndMissesNothing()
    {
        using var rollout = new AutomatedRollout();
        await AddAsync(rollout, "0 * * * *", checkpoint: null);
        await rollout.Automation.Schedules.PauseAsync("nightly", "ann", default);
        rollout.Time.Advance(TimeSpan.FromHours(5.5));
        await TickAsync(rollout);

        var resumed = await rollout.Automation.Schedules.ResumeAsync("nightly", "ann", default);

        Assert.Equal((0, AutomatedRollout.Start.AddHours(6)), (resumed.Missed, resumed.NextAt));
        Assert.Empty(await rollout.Stores.Deployments.ActiveAsync(default));
        await rollout.Automation.Schedules.RemoveAsync("nightly", "ann", default);
        Assert.Empty(await rollout.Automation.Schedules.ListAsync(default));
        await Assert.ThrowsAsync<ScheduleException>(() => rollout.Automation.Schedules.RemoveAsync("nightly", "ann", default));
    }

    [Theory]
    [InlineData("nightly", "0 4 * * *", "There is a schedule nightly already.")]
    [InlineData("Nightly run", "0 4 * * *", "A schedule's name has")]
    [InlineData("other", "0 0 30 2 *", "No time ever fits")]
    [InlineData("other", "soon", "is no cron expression")]
    public async Task Schedule_ThatCannotBe_IsRefusedAndSaysWhy(string name, string cron, string expected)
    {
        using var rollout = new AutomatedRollout();
        await AddAsync(rollout, "0 3 * * *", First);

        var refused = await Assert.ThrowsAsync<ScheduleException>(
            () => rollout.Automation.Schedules.AddAsync(name, cron, "UTC", First, "ann", default));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Single(await rollout.Automation.Schedules.ListAsync(default));
    }

    [NeedsAnsibleFact]
    [Trait("Row", "28")]
    public async Task Schedule_OfACheckpointThatNeedsAnApproval_WaitsForOneAndRunsThenOnce()
    {
        using var rollout = new AutomatedRollout();
        var begun = await GivenDueAsync(rollout, CheckpointCatalog.All[1]);

        await rollout.Automation.Deployments.AdvanceAsync(begun.Id, default);
        await rollout.Automation.Deployments.AdvanceAsync(begun.Id, default);

        var waiting = (await rollout.Stores.Deployments.FindAsync(begun.Id, default))!;
        Assert.Equal(DeploymentState.WaitingForApproval, waiting.State);
        Assert.Empty(rollout.Marks);
        var request = Assert.Single(await rollout.Stores.Rollouts.ApprovalsAsync(default));
        Assert.Equal((waiting.Steps[0].Approval, "ann"), (request.Id, request.RequestedBy));
        var byItsOwner = await rollout.Engine.Desk.ApproveAsync(request.Id, "ann", "mine", acknowledgesRisks: true, default);
        Assert.False(byItsOwner.TryGet(out _, out _), "who made the schedule was not to approve what it runs");

        await rollout.Engine.Desk.ApproveAsync(request.Id, "bob", "needed", acknowledgesRisks: true, default);
        await rollout.Automation.Deployments.AdvanceAsync(begun.Id, default);
        await rollout.Automation.Deployments.AdvanceAsync(begun.Id, default);

        var ended = (await rollout.Stores.Deployments.FindAsync(begun.Id, default))!;
        Assert.True(ended.State is DeploymentState.Completed, $"the approved run was to complete: {ended.Steps[0].Error}");
        Assert.Equal(["ran one", "ran two"], rollout.Marks.Order());
        Assert.Equal(
            [
                "schedule.added", "schedule.due", "deployment.started", "approval.requested", "approval.granted", "execution.started",
                "execution.completed", "deployment.completed",
            ],
            await rollout.ActionsAsync());
    }

    [NeedsAnsibleFact]
    public async Task Schedule_WhoseRequestIsDenied_EndsWithoutARun()
    {
        using var rollout = new AutomatedRollout();
        var begun = await GivenDueAsync(rollout, CheckpointCatalog.All[1]);
        await rollout.Automation.Deployments.AdvanceAsync(begun.Id, default);
        var request = Assert.Single(await rollout.Stores.Rollouts.ApprovalsAsync(default));

        await rollout.Engine.Desk.DenyAsync(request.Id, "bob", "not tonight", default);
        await rollout.Automation.Deployments.AdvanceAsync(begun.Id, default);

        var ended = (await rollout.Stores.Deployments.FindAsync(begun.Id, default))!;
        Assert.Equal(
            (DeploymentState.Failed, "the request for its approval is denied"), (ended.State, ended.Steps[0].Error));
        Assert.Empty(await rollout.Stores.Rollouts.ExecutionsAsync(10, default));
    }

    private static Task<Schedule> AddAsync(AutomatedRollout rollout, string cron, Checkpoint? checkpoint) =>
        rollout.Automation.Schedules.AddAsync("nightly", cron, "UTC", checkpoint, "ann", default);

    /// <summary>A schedule of the checkpoint was due, and a deployment has begun of it.</summary>
    private static async Task<Deployment> GivenDueAsync(AutomatedRollout rollout, Checkpoint checkpoint)
    {
        await rollout.PassedBeforeAsync(checkpoint);
        await AddAsync(rollout, "0 3 * * *", checkpoint);
        rollout.Time.Advance(TimeSpan.FromHours(3));
        await TickAsync(rollout);
        return Assert.Single(await rollout.Stores.Deployments.ActiveAsync(default));
    }

    private static Task TickAsync(AutomatedRollout rollout) =>
        new Scheduler(rollout.Stores.Schedules, rollout.Stores.Deployments, rollout.Time).TickAsync(default);
}
