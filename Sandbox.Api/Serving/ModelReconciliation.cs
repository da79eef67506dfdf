using System.Collections.Concurrent;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Serving;

/// <summary>Looks after all models, a task for each, so that none waits for another; and removes sandboxes of engines that no model
/// has.</summary>
internal sealed partial class ModelReconciliation(
    IModelStore models, ModelReconciler reconciler, EngineSandboxes sandboxes, TimeProvider time, ILogger<ModelReconciliation> logger)
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(string Tenant, string Name), Task> _running = new();
    private Task _sweep = Task.CompletedTask;
    private volatile bool _isClean;
    private long? _sweptAt;

    /// <summary>There was no model when it looked last, and no sandbox of an engine either.</summary>
    public bool IsClean => _isClean;

    /// <summary>Begins a look at each model that is not being looked at. One caller at a time.</summary>
    /// <param name="held">Ends when another process may do this.</param>
    public void Begin(IReadOnlyList<ModelRecord> known, CancellationToken held)
    {
        _isClean &= known.Count == 0;
        foreach (var model in known)
        {
            var key = (model.Tenant, model.Name);
            if (!_running.TryGetValue(key, out var running) || running.IsCompleted)
            {
                _running[key] = RunAsync(() => reconciler.ReconcileAsync(model, held), model.Name, held);
            }
        }

        // What may still submit a sandbox is remembered until it has ended.
        foreach (var (key, _) in _running.Where(running => running.Value.IsCompleted))
        {
            _running.TryRemove(key, out _);
        }

        if (_sweep.IsCompleted && !(_sweptAt is { } swept && time.GetElapsedTime(swept) < SweepEvery))
        {
            _sweptAt = time.GetTimestamp();
            _sweep = RunAsync(() => SweepAsync(isLast: known.Count == 0 && _running.IsEmpty, held), "sandboxes without a model", held);
        }
    }

    /// <summary>The sandboxes are read first: one that was there then had its id written into its model before.</summary>
    private async Task SweepAsync(bool isLast, CancellationToken cancellationToken)
    {
        var found = await sandboxes.ListAsync(cancellationToken);
        var known = (await models.ListAsync(cancellationToken)).SelectMany(model => model.Replicas).Select(replica => replica.Sandbox)
            .ToHashSet();
        foreach (var orphan in found.Where(id => !known.Contains(id)))
        {
            Log.Orphan(logger, orphan);
            await sandboxes.EndAsync(orphan, cancellationToken);
        }

        _isClean = isLast && found.Count == 0;
    }

    private async Task RunAsync(Func<Task> look, string what, CancellationToken held)
    {
        try
        {
            await look();
        }
        catch (Exception exception) when (!held.IsCancellationRequested)
        {
            Log.LookFailed(logger, what, exception);
        }
        catch (Exception)
        {
            // Another process looks after it now, or this one ends.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5711, LogLevel.Warning, "The look at {What} failed; the next one comes")]
        public static partial void LookFailed(ILogger logger, string what, Exception exception);

        [LoggerMessage(5712, LogLevel.Warning, "Sandbox {SandboxId} of an engine belongs to no model and is ended")]
        public static partial void Orphan(ILogger logger, Contracts.Ids.SandboxId sandboxId);
    }
}
