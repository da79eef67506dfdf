using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Cluster;
using Sandbox.Node;
using Sandbox.Node.Leases;
using Sandbox.Node.Maintenance;
using Sandbox.Testing.Clusters;
using Sandbox.Worker.Tests.Docker;

namespace Sandbox.Worker.Tests.Maintenance;

/// <summary>Runs of tasks on one node: by order, and by the clock.</summary>
public sealed class NodeMaintenanceTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 5, 1, 0, 30, 0, TimeSpan.Zero));
    private readonly TestTask _task = new(MaintenanceTasks.ImageCleanup);
    private readonly List<IDisposable> _made = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _made.ForEach(one => one.Dispose());

    [Fact]
    public async Task Run_OfATask_SaysHowFarItIsAndThenWhatItDid()
    {
        var (told, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        _task.Work = async (progress, _) =>
        {
            progress("half of it");
            told.SetResult();
            await gate.Task;
            return "all of it";
        };
        var maintenance = Maintenance();

        var begun = await maintenance.RunHereAsync(Order("a"), Token);
        await told.Task.WaitAsync(Token);
        var half = Assert.Single(maintenance.Report().Runs);
        gate.SetResult();
        var ended = await maintenance.RunHereAsync(Order("a") with { WaitsForEnd = true }, Token);

        Assert.Equal((MaintenanceRun.Running, null), (begun.State, begun.EndedAt));
        Assert.Equal((MaintenanceRun.Running, "half of it"), (half.State, half.Message));
        Assert.Equal((MaintenanceRun.Succeeded, "all of it", "node-1"), (ended.State, ended.Message, ended.Node));
        Assert.True(_task.Begun == 1, "the same order, sent twice, is done once");
    }

    [Fact]
    public async Task Runs_OfOneTask_ComeOneAfterTheOther()
    {
        _task.Work = async (_, _) =>
        {
            await Task.Yield();
            return "done";
        };
        var maintenance = Maintenance();

        var runs = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => maintenance.RunHereAsync(Order($"{i}") with { WaitsForEnd = true }, Token)));

        Assert.All(runs, run => Assert.Equal(MaintenanceRun.Succeeded, run.State));
        Assert.Equal((20, 1), (_task.Begun, _task.MostAtOnce));
    }

    [Fact]
    public async Task Run_ThatFails_SaysWhy_AndOneThatSurprisesSaysNothingOfInsides()
    {
        var maintenance = Maintenance();
        _task.Work = (_, _) => throw new MaintenanceException("the engine does not answer");
        var failed = await RunAsync(maintenance, "a");
        _task.Work = (_, _) => throw new InvalidOperationException("connection string Password=secret");
        var surprised = await RunAsync(maintenance, "b");
        var unknown = await maintenance.RunHereAsync(new MaintenanceOrder("c", "rm -rf /", []) { WaitsForEnd = true }, Token);

        Assert.Equal((MaintenanceRun.Failed, "the engine does not answer"), (failed.State, failed.Message));
        Assert.Equal((MaintenanceRun.Failed, "It met something unexpected; the node's log has it."), (surprised.State, surprised.Message));
        Assert.Equal((MaintenanceRun.Skipped, "This node has no task rm -rf /."), (unknown.State, unknown.Message));
    }

    [Fact]
    public async Task Run_LongerThanItMay_IsEnded()
    {
        var begun = new TaskCompletionSource();
        _task.Work = async (_, token) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return "never";
        };
        var maintenance = Maintenance(settings: Settings(("LongestRun", "00:10:00")));

        var running = maintenance.RunHereAsync(Order("a") with { WaitsForEnd = true }, Token);
        await begun.Task.WaitAsync(Token);
        _clock.Advance(TimeSpan.FromMinutes(11));

        var run = await running;
        Assert.Equal((MaintenanceRun.Failed, "It took longer than 00:10:00."), (run.State, run.Message));
    }

    [Fact]
    public async Task Run_WithoutTheLeaseOfTheNode_DoesNothing()
    {
        var maintenance = Maintenance(new NoLease());

        var run = await RunAsync(maintenance, "a");

        Assert.Equal((MaintenanceRun.Failed, 0), (run.State, _task.Begun));
    }

    [Fact]
    public async Task Run_ForOtherNodesOnly_IsNotDoneHere()
    {
        var maintenance = Maintenance();

        var other = Assert.Single(await maintenance.RunAsync(Order("a"), ["node-2"], Token));
        var both = await maintenance.RunAsync(Order("b") with { WaitsForEnd = true }, ["node-1", "node-2"], Token);

        Assert.Equal(("node-2", MaintenanceRun.Failed, "There is no such node."), (other.Node, other.State, other.Message));
        Assert.Equal(["node-1 succeeded", "node-2 failed"], both.Select(run => $"{run.Node} {run.State}"));
        Assert.Equal(1, _task.Begun);
    }

    [Fact]
    public async Task Schedule_BeginsATaskAtItsTimes_AndFollowsAChangeOfThem()
    {
        var settings = Settings(("Schedules:image_cleanup", "0 3 * * *"));
        var maintenance = Maintenance(settings: settings);
        using var schedule = new MaintenanceSchedule(maintenance, settings.Current, settings.Monitor, _clock);
        await schedule.StartAsync(Token);

        await UntilAsync(_task, 1, TimeSpan.FromMinutes(10));
        var first = _clock.GetUtcNow();
        settings.Change("Schedules:image_cleanup", "*/30 * * * *");
        await UntilAsync(_task, 2, TimeSpan.FromMinutes(1));
        var second = _clock.GetUtcNow();
        await schedule.StopAsync(Token);

        Assert.InRange(first, new DateTimeOffset(2026, 5, 1, 3, 0, 0, TimeSpan.Zero), first);
        Assert.True(second - first < TimeSpan.FromHours(20), $"the change was to hold at once: {first} and then {second}");
        Assert.Equal("*/30 * * * *", maintenance.Report().Tasks[0].Schedule);
        Assert.NotNull(maintenance.Report().Tasks[0].NextAt);
    }

    [Fact]
    public async Task Schedule_WhoseTaskStillRuns_LeavesOutItsNextTime()
    {
        var gate = new TaskCompletionSource();
        _task.Work = async (_, _) =>
        {
            await gate.Task;
            return "done";
        };
        var settings = Settings(
            ("Schedules:image_cleanup", "* * * * *"), ("Schedules:file_cleanup", "* * * * *"), ("LongestRun", "1.00:00:00"));
        var quick = new TestTask(MaintenanceTasks.FileCleanup);
        var maintenance = Maintenance(settings: settings, tasks: [_task, quick]);
        using var schedule = new MaintenanceSchedule(maintenance, settings.Current, settings.Monitor, _clock);
        await schedule.StartAsync(Token);

        // Both come at the same times: once this one has come so often, the other would have, too.
        await UntilAsync(quick, 5, TimeSpan.FromMinutes(1));
        var begun = maintenance.Report().Runs.Count(run => run.Task == _task.Name);
        await schedule.StopAsync(Token);
        gate.SetResult();

        Assert.Equal(1, begun);
    }

    [Theory]
    [InlineData("Schedules:image_cleanup", "whenever")]
    [InlineData("Schedules:none", "* * * * *")]
    [InlineData("CleanedFolders:0", "/etc/../srv/a")]
    [InlineData("Images:0", "sha256:00")]
    public void Options_ThatCannotBe_AreNamed(string setting, string value)
    {
        var options = Settings((setting, value)).Monitor.CurrentValue;

        var problem = Assert.Single(options.Validate(new(options)));
        Assert.Equal(setting.Split(':')[0], Assert.Single(problem.MemberNames));
    }

    /// <summary>Turns the clock until the task has begun so often.</summary>
    private Task UntilAsync(TestTask task, int begun, TimeSpan step) => Wait.UntilAsync(
        () =>
        {
            if (task.Begun < begun)
            {
                _clock.Advance(step);
            }

            return Task.FromResult(task.Begun >= begun);
        },
        () => $"the task begins for the {begun}. time");

    private static MaintenanceOrder Order(string id) => new(id, MaintenanceTasks.ImageCleanup, []);

    private static Task<MaintenanceRun> RunAsync(NodeMaintenance maintenance, string id) =>
        maintenance.RunHereAsync(Order(id) with { WaitsForEnd = true }, Token);

    private MaintenanceSettings Settings(params (string Name, string Value)[] settings)
    {
        var made = new MaintenanceSettings(settings);
        _made.Add(made);
        return made;
    }

    private NodeMaintenance Maintenance(
        INodeLease? lease = null, MaintenanceSettings? settings = null, IReadOnlyList<TestTask>? tasks = null)
    {
        var node = new NodeIdentity(Options.Create(new WorkerOptions { NodeName = "node-1" }));
        var made = new NodeMaintenance(
            tasks ?? [_task], node, lease ?? new HeldNodeLease(1), (settings ?? Settings()).Current, _clock,
            NullLogger<NodeMaintenance>.Instance);
        _made.Add(made);
        return made;
    }

    private sealed class NoLease : INodeLease
    {
        public LeaseToken? Current => null;

        public bool IsDraining => false;

        public Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken) => new TaskCompletionSource<LeaseToken>().Task;
    }
}
