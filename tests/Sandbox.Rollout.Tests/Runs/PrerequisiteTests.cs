using Microsoft.Extensions.Time.Testing;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Runs;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Runs;

[Trait("Row", "21")]
public sealed class PrerequisiteTests : IDisposable
{
    private static readonly Checkpoint First = CheckpointCatalog.All[0];
    private static readonly Checkpoint Second = CheckpointCatalog.All[1];
    private static readonly Checkpoint Fourth = CheckpointCatalog.All[3];

    private readonly TempFolder _folder = new();
    private readonly RolloutEngine _engine;

    public PrerequisiteTests()
    {
        StandInAnsible.Write(_folder.Path, StandInAnsible.Effect);
        _engine = StandInAnsible.Open(
            _folder.Path, new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public async Task Begin_BeforeEarlierCheckpointsHavePassed_IsRefusedAndNamesThem()
    {
        await RolloutSteps.RunAsync(_engine, First);

        var outcome = await _engine.Runner.BeginAsync(new RunRequest(Fourth, "ann"), default);

        Assert.Equal(
            ["docker-installation", "cleanup-existing"], Assert.IsType<BeginOutcome.PrerequisitesMissing>(outcome).Checkpoints);
        Assert.Single(await _engine.Store.ExecutionsAsync(10, default));
    }

    [Fact]
    public async Task Begin_AfterAnEarlierCheckpointFailed_IsRefused()
    {
        var playbook = Path.Combine(_folder.File("playbooks"), First.Playbook);
        await RolloutSteps.RunAsync(_engine, First);
        await File.WriteAllTextAsync(playbook, "exit 1\n");
        Assert.Equal(ExecutionState.Failed, (await RolloutSteps.RunAsync(_engine, First)).State);

        Assert.IsType<BeginOutcome.PrerequisitesMissing>(await _engine.Runner.BeginAsync(new RunRequest(Second, "ann"), default));
    }

    [Fact]
    public async Task Force_StandsForThePrerequisites_AndForNeitherAConsentNorTheMachines()
    {
        var outcome = await _engine.Runner.BeginAsync(new RunRequest(Second, "ann") { IsForced = true }, default);
        Assert.IsType<BeginOutcome.ApprovalRequired>(outcome);

        outcome = await _engine.Runner.BeginAsync(new RunRequest(Fourth, "ann") { IsForced = true }, default);

        var begun = Assert.IsType<BeginOutcome.Begun>(outcome).Execution;
        var entry = Assert.Single(await _engine.Store.AuditAsync(0, 10, default));
        Assert.Equal(("execution.started", begun.Id.ToString()), (entry.Action, entry.Subject));
        Assert.Contains("\"forced\":\"true\"", entry.Detail, StringComparison.Ordinal);
        Assert.IsType<BeginOutcome.AlreadyRunning>(
            await _engine.Runner.BeginAsync(new RunRequest(Fourth, "bob") { IsForced = true }, default));
    }

    public void Dispose()
    {
        _engine.Store.Dispose();
        _folder.Dispose();
    }
}
