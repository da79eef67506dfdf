using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Rollout.Tests.Runs;

/// <summary>Servers over one store, each with a state folder, that come and go while runs go on.</summary>
[Trait("Row", "22")]
public sealed class ExecutionSupervisorTests : IAsyncDisposable
{
    private static readonly Checkpoint First = CheckpointCatalog.All[0];

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly IRolloutStore _store;
    private readonly List<ExecutionSupervisor> _started = [];

    public ExecutionSupervisorTests()
    {
        StandInAnsible.Write(_folder.Path, StandInAnsible.WaitingEffect);
        _store = RolloutStores.Open(_folder.File("shared.db"));
    }

    [Fact]
    public async Task Run_WhoseServerIsStartedAgain_IsFollowedToItsEnd()
    {
        var server = await StartedAsync("one");
        var run = await BeginAsync(server);
        await server.StopAsync(default);

        await StartedAsync("one");
        await File.WriteAllTextAsync(_folder.File("go"), "");

        var ended = await EndedAsync(run);
        Assert.True(
            ended.State is ExecutionState.Completed, $"the run was to be found again and to complete: {ended.State}, {ended.Error}");
        Assert.Single(StandInAnsible.EffectsIn(_folder.Path));
        Assert.Equal([1L, 2L, 3L], (await _store.OutputAsync(run, 0, 100, default)).Select(line => line.Number));
    }

    [Fact]
    public async Task Run_WhoseProcessDiedWithItsServer_IsInterruptedAndCanBeRunAgain()
    {
        var server = await StartedAsync("one");
        var run = await BeginAsync(server);
        await server.StopAsync(default);
        await KillAsync(run);

        var next = await StartedAsync("one");

        Assert.Equal(ExecutionState.Interrupted, (await EndedAsync(run)).State);
        await File.WriteAllTextAsync(_folder.File("go"), "");
        Assert.Equal(ExecutionState.Completed, (await EndedAsync(await BeginAsync(next, isWaiting: false))).State);
        Assert.Single(StandInAnsible.EffectsIn(_folder.Path));
    }

    [Fact]
    public async Task Run_OfAHostThatIsSilent_IsNeitherFollowedNorInterrupted_AndGoesOnWhenTheHostIsBack()
    {
        var server = await StartedAsync("one");
        await StartedAsync("two");
        var run = await BeginAsync(server);
        await server.StopAsync(default);

        await AdvanceUntilAsync(
            async () => (await FoundAsync(run)).Error is not null, "the row was to say that nothing is heard of its host");

        var silent = await FoundAsync(run);
        Assert.Equal(ExecutionState.Running, silent.State);
        Assert.Contains(silent.Host!, silent.Error!, StringComparison.Ordinal);
        await StartedAsync("one");
        await File.WriteAllTextAsync(_folder.File("go"), "");
        var ended = await EndedAsync(run);
        Assert.Equal((ExecutionState.Completed, null), (ended.State, ended.Error));
        Assert.Single(StandInAnsible.EffectsIn(_folder.Path));
    }

    [Fact]
    public async Task Stop_ThroughAnotherServer_EndsTheProcessesWhereTheyAre()
    {
        var server = await StartedAsync("one");
        var run = await BeginAsync(server);

        Assert.True(await Open("two").Runner.StopAsync(run, "bob", default), "a run that goes on was to be asked to stop");

        var ended = await EndedAsync(run);
        Assert.Equal((ExecutionState.Cancelled, "bob stopped it"), (ended.State, ended.Error));
        Assert.Empty(RunProcesses.Find(run));
    }

    [Fact]
    public async Task Stop_OfARunWhoseHostIsSilent_GivesItUp()
    {
        var server = await StartedAsync("one");
        var run = await BeginAsync(server);
        await server.StopAsync(default);
        _time.Advance(CheckpointRunner.SilentAfter);

        Assert.True(await Open("two").Runner.StopAsync(run, "bob", default), "a run that nobody hears of was to be given up");

        var ended = await FoundAsync(run);
        Assert.Equal(ExecutionState.Interrupted, ended.State);
        Assert.StartsWith("bob gave it up", ended.Error, StringComparison.Ordinal);
        Assert.NotEmpty(RunProcesses.Find(run));
        await StartedAsync("one");
        await Wait.UntilAsync(
            () => Task.FromResult(RunProcesses.Find(run).Count == 0), () => "the host that is back was to end what was given up");
        Assert.Empty(StandInAnsible.EffectsIn(_folder.Path));
    }

    [Fact]
    public async Task Output_ReadFromAPositionInAnotherServer_GoesOnUntilTheRunIsOver()
    {
        var run = await BeginAsync(await StartedAsync("one"));
        var lines = new List<string>();

        await foreach (var line in Open("two").Output.ReadAsync(run, after: 0, default))
        {
            lines.Add(line.Text);
            await File.WriteAllTextAsync(_folder.File("go"), "");
        }

        Assert.Equal(["TASK wait", "PLAY act", ""], lines);
        var rest = new List<string>();
        await foreach (var line in Open("two").Output.ReadAsync(run, after: 1, default))
        {
            rest.Add(line.Text);
        }

        Assert.Equal(["PLAY act", ""], rest);
    }

    public async ValueTask DisposeAsync()
    {
        await File.WriteAllTextAsync(_folder.File("go"), "");
        foreach (var server in _started)
        {
            await server.StopAsync(default);
            server.Dispose();
        }

        _store.Dispose();
        _folder.Dispose();
    }

    private RolloutEngine Open(string state) => RolloutEngine.Open(StandInAnsible.Options(_folder.Path, state), _ => _store, _time);

    private async Task<ExecutionSupervisor> StartedAsync(string state)
    {
        var engine = Open(state);
        var server = new ExecutionSupervisor(
            StandInAnsible.Options(_folder.Path, state), () => engine, _time, NullLogger<ExecutionSupervisor>.Instance);
        _started.Add(server);
        await server.StartAsync(default);
        await Wait.UntilAsync(
            async () => (await _store.HostsAsync(default)).ContainsKey(engine.State.Host), () => "the server was to tell that it lives");
        return server;
    }

    /// <param name="isWaiting">The run waits for the test, which waits until it does.</param>
    private async Task<Guid> BeginAsync(ExecutionSupervisor server, bool isWaiting = true)
    {
        var outcome = await server.BeginAsync(new RunRequest(First, "ann"), default);
        var run = Assert.IsType<BeginOutcome.Begun>(outcome).Execution.Id;
        if (isWaiting)
        {
            await Wait.UntilAsync(
                async () => (await _store.OutputAsync(run, 0, 1, default)).Count > 0, () => "the run was to print its first line");
        }

        return run;
    }

    private async Task<Execution> FoundAsync(Guid run) => (await _store.FindExecutionAsync(run, default))!;

    private async Task<Execution> EndedAsync(Guid run)
    {
        await Wait.UntilAsync(async () => !(await FoundAsync(run)).IsActive, () => "the run was to end");
        return await FoundAsync(run);
    }

    private Task AdvanceUntilAsync(Func<Task<bool>> holds, string expectation) => Wait.UntilAsync(
        async () =>
        {
            _time.Advance(ExecutionSupervisor.LookEvery);
            return await holds();
        },
        () => expectation);

    /// <summary>As the death of its machine would.</summary>
    private static async Task KillAsync(Guid run)
    {
        foreach (var process in RunProcesses.Find(run))
        {
            using var found = System.Diagnostics.Process.GetProcessById(process);
            found.Kill();
        }

        await Wait.UntilAsync(
            () => Task.FromResult(RunProcesses.Find(run).Count == 0), () => "processes that were killed were to be gone");
    }
}
