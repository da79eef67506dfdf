using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Deployments;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Deployments;

public sealed class RollbackTests
{
    private static readonly Checkpoint Last = CheckpointCatalog.All[^1];

    [NeedsAnsibleFact]
    [Trait("Row", "28")]
    public async Task Rollback_ToACompleteRollout_RunsItsPlaybooksAndVariablesAgain()
    {
        using var rollout = new AutomatedRollout();
        await rollout.PassedBeforeAsync(Last);
        rollout.Write(Last, "{{ word }}");
        var inventory = await File.ReadAllTextAsync(rollout.Inventory);
        await File.WriteAllTextAsync(rollout.Inventory, inventory + "word=first\n");
        var first = await RunAsync(rollout, Begun(rollout));
        await File.WriteAllTextAsync(rollout.Inventory, inventory + "word=second\n");
        var second = await RunAsync(rollout, Begun(rollout));
        rollout.Write(Last, "fail");
        var third = await RunAsync(rollout, Begun(rollout));
        Assert.Equal(
            [DeploymentState.Completed, DeploymentState.Completed, DeploymentState.Failed], [first.State, second.State, third.State]);
        var target = await rollout.Automation.Rollbacks.TargetAsync(default);
        Assert.True(target?.Id == second.Id, $"the last complete rollout was to be the target, not {target?.Id}");

        var rollback = await RunAsync(rollout, rollout.Automation.Rollbacks.Of(first, Last, "ann"));

        Assert.True(rollback.State is DeploymentState.Completed, $"the rollback was to complete: {Errors(rollback)}");
        Assert.Equal(first.Id, rollback.RollbackOf);
        Assert.Equal(
            ["fail", "first", "second"], rollout.Marks[..6].Select(mark => mark.Split(' ')[0]).Distinct().Order());
        Assert.Equal(["first one", "first two"], rollout.Marks[6..].Order());
        Assert.Equal(first.Steps[^1].PlanHash, rollback.Steps[^1].PlanHash);
    }

    [NeedsAnsibleFact]
    public async Task Rollback_ToFilesThatWereChangedAfterwards_RunsNothing()
    {
        using var rollout = new AutomatedRollout();
        await rollout.PassedBeforeAsync(Last);
        var first = await RunAsync(rollout, Begun(rollout));
        var kept = Path.Combine(rollout.StatePath, "bundles", first.Bundle!, "playbooks", Last.Playbook);
        await File.AppendAllTextAsync(kept, "# changed\n");

        var rollback = await RunAsync(rollout, rollout.Automation.Rollbacks.Of(first, Last, "ann"));

        Assert.Equal(DeploymentState.Failed, rollback.State);
        Assert.Contains("does not have its own hash", Errors(rollback), StringComparison.Ordinal);
        Assert.Equal(2, rollout.Marks.Length);
    }

    [NeedsAnsibleFact]
    public async Task Rollout_WhosePlaybooksWereEditedWhileItRan_IsNoTargetOfARollback()
    {
        using var rollout = new AutomatedRollout();
        await rollout.PassedBeforeAsync(Last);
        var begun = await rollout.Automation.History.BeginAsync(Begun(rollout), default);
        rollout.Write(CheckpointCatalog.All[0], "edited");

        await rollout.Automation.Deployments.AdvanceAsync(begun.Id, default);

        var ended = (await rollout.Stores.Deployments.FindAsync(begun.Id, default))!;
        Assert.Equal(DeploymentState.Completed, ended.State);
        Assert.Null(ended.Bundle);
        Assert.Null(await rollout.Automation.Rollbacks.TargetAsync(default));
    }

    [Fact]
    public void Bundle_WithALinkInIt_IsNotKept()
    {
        using var rollout = new AutomatedRollout();
        File.CreateSymbolicLink(Path.Combine(rollout.Playbooks, "link"), "/etc/passwd");

        var begun = rollout.Automation.History.WithBundle(Begun(rollout));

        Assert.Null(begun.Bundle);
        Assert.Empty(Directory.Exists(Path.Combine(rollout.StatePath, "bundles"))
            ? Directory.EnumerateFileSystemEntries(Path.Combine(rollout.StatePath, "bundles")) : []);
    }

    private static Deployment Begun(AutomatedRollout rollout)
    {
        // Rollouts of one moment have no order.
        rollout.Time.Advance(TimeSpan.FromMinutes(1));
        return new(Guid.NewGuid(), "ann", rollout.Time.GetUtcNow()) { Steps = Deployment.WholeFrom(Last) };
    }

    private static async Task<Deployment> RunAsync(AutomatedRollout rollout, Deployment begun)
    {
        await rollout.Automation.History.BeginAsync(begun, default);
        await rollout.Automation.Deployments.AdvanceAsync(begun.Id, default);
        return (await rollout.Stores.Deployments.FindAsync(begun.Id, default))!;
    }

    private static string Errors(Deployment deployment) => string.Join("; ", deployment.Steps.Select(step => step.Error).OfType<string>());
}
