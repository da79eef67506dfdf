using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Operators;
using Sandbox.Node.Leases;
using Sandbox.Storage;

namespace Sandbox.Node.Maintenance;

/// <summary>Runs the maintenance tasks of this node, each once at a time, and remembers what came of them.</summary>
internal sealed partial class NodeMaintenance : INodeMaintenance, IDisposable
{
    /// <summary>Runs that are remembered.</summary>
    private const int MostRuns = 200;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, IMaintenanceTask> _tasks;
    private readonly Dictionary<string, SemaphoreSlim> _running;
    private readonly LinkedList<MaintenanceRunState> _runs = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationToken _ending;
    private readonly NodeIdentity _node;
    private readonly INodeLease _lease;
    private readonly CurrentOptions<MaintenanceOptions> _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public NodeMaintenance(
        IEnumerable<IMaintenanceTask> tasks, NodeIdentity node, INodeLease lease, CurrentOptions<MaintenanceOptions> options,
        TimeProvider time, ILogger<NodeMaintenance> logger)
    {
        _tasks = tasks.Where(task => task.IsOffered).ToDictionary(task => task.Name);
        _running = _tasks.Keys.ToDictionary(name => name, _ => new SemaphoreSlim(1));
        _ending = _ended.Token;
        (_node, _lease, _options, _time, _logger) = (node, lease, options, time, logger);
    }

    /// <summary>What this node can do.</summary>
    public IEnumerable<string> Tasks => _tasks.Keys;

    public async Task<IReadOnlyList<MaintenanceRun>> RunAsync(
        MaintenanceOrder order, IReadOnlyCollection<string> nodes, CancellationToken cancellationToken)
    {
        var others = nodes.Where(name => name != _node.Name && name != _node.Address).ToList();
        var missing = others.Select(name => MaintenanceRunState.Refused(order, name, "There is no such node.", _time.GetUtcNow()));
        return others.Count > 0 && others.Count == nodes.Count
            ? [.. missing]
            : [await RunHereAsync(order, cancellationToken), .. missing];
    }

    /// <summary>Does it; a caller that leaves does not end it. An order that came before is not done again.</summary>
    public async Task<MaintenanceRun> RunHereAsync(MaintenanceOrder order, CancellationToken cancellationToken)
    {
        var run = Begin(order);
        return order.WaitsForEnd ? await run.Ended.WaitAsync(cancellationToken) : run.Shown;
    }

    public bool IsRunning(string task)
    {
        lock (_lock)
        {
            return _runs.Any(run => run.Order.Task == task && !run.Ended.IsCompleted);
        }
    }

    public Task<IReadOnlyList<NodeMaintenanceReport>> ReadAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<NodeMaintenanceReport>>([Report()]);

    public NodeMaintenanceReport Report()
    {
        var (options, now) = (_options.Value, _time.GetUtcNow());
        lock (_lock)
        {
            return new NodeMaintenanceReport(
                _node.Name,
                [.. _tasks.Keys.Order(StringComparer.Ordinal)
                    .Select(task => new ScheduledMaintenance(task, options.ScheduleOf(task), options.NextAfter(task, now)))],
                [.. _runs.Select(run => run.Shown)]);
        }
    }

    /// <summary>Ends what still runs. It is known by two types, and disposed as each.</summary>
    public void Dispose()
    {
        if (!_ending.IsCancellationRequested)
        {
            _ended.Cancel();
            _ended.Dispose();
        }
    }

    private MaintenanceRunState Begin(MaintenanceOrder order)
    {
        lock (_lock)
        {
            if (_runs.FirstOrDefault(known => known.Order.Id == order.Id) is { } known)
            {
                return known;
            }

            var run = new MaintenanceRunState(order, _node.Name, _time.GetUtcNow());
            _runs.AddFirst(run);
            if (_runs.Count > MostRuns)
            {
                _runs.RemoveLast();
            }

            run.Ended = Task.Run(() => RunAsync(run), CancellationToken.None);
            return run;
        }
    }

    /// <summary>Never fails: the run says how it ended.</summary>
    private async Task<MaintenanceRun> RunAsync(MaintenanceRunState run)
    {
        var name = run.Order.Task;
        if (!_tasks.TryGetValue(name, out var task))
        {
            return run.End(MaintenanceRun.Skipped, $"This node has no task {name}.", _time.GetUtcNow());
        }

        using var longest = new CancellationTokenSource(_options.Value.LongestRun, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_ending, longest.Token);
        var turn = _running[name];
        try
        {
            await turn.WaitAsync(either.Token);
            try
            {
                if (_lease.Current is not { } lease)
                {
                    return Failed(run, "This process does not hold the lease of its node.", null);
                }

                using var held = CancellationTokenSource.CreateLinkedTokenSource(either.Token, lease.Ended);
                var done = await task.RunAsync(run.Order, run.Tell, held.Token);
                Log.Done(_logger, name, done);
                return run.End(MaintenanceRun.Succeeded, done, _time.GetUtcNow());
            }
            finally
            {
                turn.Release();
            }
        }
        catch (OperationCanceledException)
        {
            return Failed(
                run, longest.IsCancellationRequested ? $"It took longer than {_options.Value.LongestRun}." : "The node was ended.", null);
        }
        catch (MaintenanceException exception)
        {
            return Failed(run, exception.Message, null);
        }
        catch (Exception exception)
        {
            return Failed(run, "It met something unexpected; the node's log has it.", exception);
        }
    }

    private MaintenanceRun Failed(MaintenanceRunState run, string reason, Exception? exception)
    {
        Log.Failed(_logger, run.Order.Task, reason, exception);
        return run.End(MaintenanceRun.Failed, reason, _time.GetUtcNow());
    }

    private static partial class Log
    {
        [LoggerMessage(4801, LogLevel.Information, "Maintenance {Task}: {Done}")]
        public static partial void Done(ILogger logger, string task, string done);

        [LoggerMessage(4802, LogLevel.Warning, "Maintenance {Task} failed: {Reason}")]
        public static partial void Failed(ILogger logger, string task, string reason, Exception? exception);
    }
}
