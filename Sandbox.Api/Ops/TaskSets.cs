using Sandbox.Api.Sandboxes;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Ops;

/// <summary>Maintenance tasks that are asked for together. What came of them the nodes know that do them: each run there has the id of its
/// set and the name of its task, so that any server of the cluster can put a set together again.</summary>
internal sealed class TaskSets(INodeMaintenance nodes, ILeaseStore leases, StatusViews views, TimeProvider time)
{
    private const int IdLength = 32;
    private const int MostWorkers = 1000;

    /// <summary>From one run of a task to the next that is asked for, in the whole cluster.</summary>
    private static readonly TimeSpan Cooldown = TimeSpan.FromSeconds(60);

    /// <summary>Begins it on all its nodes, if none of its tasks was asked for of late.</summary>
    public async Task<TaskSet> BeginAsync(TaskSetSpec spec, CancellationToken cancellationToken)
    {
        var tasks = (spec.TaskTypes ?? MaintenanceTasks.ForTaskSets).Distinct(StringComparer.Ordinal).ToList();
        if (tasks.FirstOrDefault(task => !MaintenanceTasks.ForTaskSets.Contains(task)) is { } unknown)
        {
            return NotBegun(
                spec, TaskSetPhases.Rejected,
                $"'{ShownText.Of(unknown)}' is none of {string.Join(", ", MaintenanceTasks.ForTaskSets)}");
        }

        var workers = spec.TargetWorkers ?? [];
        if (workers.Count > MostWorkers || tasks.Count == 0)
        {
            return NotBegun(
                spec, TaskSetPhases.Rejected, tasks.Count == 0 ? "no task is named" : $"more than {MostWorkers} workers are named");
        }

        if (await CoolingAsync(tasks, cancellationToken) is { } cooling)
        {
            return NotBegun(spec, TaskSetPhases.RateLimited, $"{cooling} was asked for within the last {Cooldown.TotalSeconds:0} s");
        }

        var id = Guid.NewGuid().ToString("N");
        var runs = await Task.WhenAll(
            tasks.Select(task => nodes.RunAsync(new MaintenanceOrder(OrderId(id, task), task, []), workers, cancellationToken)));
        return Of(id, [.. runs.SelectMany(one => one)], spec, []);
    }

    /// <summary>As its nodes tell it now.</summary>
    public async Task<TaskSet> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length != IdLength || !id.All(char.IsAsciiHexDigitLower))
        {
            return NotFound(id);
        }

        var reports = await nodes.ReadAsync(cancellationToken);
        var prefix = OrderId(id, "");
        var runs = reports.SelectMany(report => report.Runs).Where(run => run.Id.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        var silent = reports.Where(report => report.Problem is not null).Select(report => $"{report.Node}: {report.Problem}").ToList();
        var spec = new TaskSetSpec(
            [.. runs.Select(run => run.Task).Distinct().Order(StringComparer.Ordinal)],
            [.. runs.Select(run => run.Node).Distinct().Order(StringComparer.Ordinal)]);
        return runs.Count == 0 ? NotFound(id) : Of(id, runs, spec, silent);
    }

    /// <summary>A lease of each task's name, which is never given back: while it lasts no other is taken. Null: none was held.</summary>
    private async Task<string?> CoolingAsync(IReadOnlyList<string> tasks, CancellationToken cancellationToken)
    {
        var holder = Guid.NewGuid().ToString("N");
        var taken = new List<Lease>();
        foreach (var task in tasks)
        {
            if (await leases.TryAcquireAsync($"maintenance/{task}", holder, Cooldown, cancellationToken) is { } lease)
            {
                taken.Add(lease);
                continue;
            }

            foreach (var unused in taken)
            {
                await leases.ReleaseAsync(unused, CancellationToken.None);
            }

            return task;
        }

        return null;
    }

    private TaskSet Of(string id, List<MaintenanceRun> runs, TaskSetSpec spec, IReadOnlyList<string> conditions)
    {
        var tasks = runs.GroupBy(run => run.Task).OrderBy(task => task.Key, StringComparer.Ordinal)
            .Select(task => TaskOf(id, task)).ToList();
        var (active, failed) = (Count(tasks, TaskSetPhases.Running), Count(tasks, TaskSetPhases.Failed));
        var started = runs.Count > 0 ? runs.Min(run => run.StartedAt) : time.GetUtcNow();
        var phase = active > 0 ? TaskSetPhases.Running : failed > 0 || runs.Count == 0 ? TaskSetPhases.Failed : TaskSetPhases.Succeeded;
        return new TaskSet(
            new TaskSetMetadata(id, views.TimeOf(started)),
            spec,
            new TaskSetStatus(
                phase, AssignedPod: null, active, Count(tasks, TaskSetPhases.Succeeded), failed, views.TimeOf(started),
                active > 0 ? null : views.TimeOf(runs.Max(run => run.EndedAt)),
                runs.Count > 0 ? conditions : ["no node is there to do it"]),
            tasks);
    }

    private TaskSetTask TaskOf(string id, IGrouping<string, MaintenanceRun> task)
    {
        var started = views.TimeOf(task.Min(run => run.StartedAt))!;
        var isRunning = task.Any(run => run.State is MaintenanceRun.Running);
        var phase = isRunning ? TaskSetPhases.Running
            : task.Any(run => run.State is MaintenanceRun.Failed) ? TaskSetPhases.Failed
            : TaskSetPhases.Succeeded;
        return new TaskSetTask(
            new TaskSetTaskMetadata(OrderId(id, task.Key), id, started),
            new TaskSetTaskSpec(task.Key, [.. task.Select(run => run.Node)]),
            new TaskSetTaskStatus(
                phase, started, isRunning ? null : views.TimeOf(task.Max(run => run.EndedAt)),
                [.. task.Where(run => run.State is MaintenanceRun.Failed).Select(run => $"{run.Node}: {run.Message}")],
                task.DistinctBy(run => run.Node).ToDictionary(run => run.Node, run => run.Message, StringComparer.Ordinal)));
    }

    private static TaskSet NotFound(string id) => new(
        new TaskSetMetadata(ShownText.Of(id), CreationTimestamp: null), new TaskSetSpec(TaskTypes: null, TargetWorkers: null),
        StatusOf(TaskSetPhases.NotFound, "no node knows a task set of this id, or none does any more"), []);

    private static TaskSet NotBegun(TaskSetSpec spec, string phase, string reason) =>
        new(new TaskSetMetadata("", CreationTimestamp: null), spec, StatusOf(phase, reason), []);

    private static TaskSetStatus StatusOf(string phase, string reason) =>
        new(phase, AssignedPod: null, Active: 0, Succeeded: 0, Failed: 0, StartTime: null, CompletionTime: null, [reason]);

    private static int Count(List<TaskSetTask> tasks, string phase) => tasks.Count(task => task.Status.Phase == phase);

    private static string OrderId(string id, string task) => $"{id}.{task}";
}
