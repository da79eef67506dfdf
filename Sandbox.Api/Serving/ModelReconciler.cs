using System.Collections.Immutable;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Serving;

/// <summary>
/// Makes the sandboxes of one model what its record asks for. The id of each sandbox is written into the record before it is submitted, and
/// goes out of it after the sandbox has gone: whatever is killed in between, the next look finds which sandboxes there may be.
/// </summary>
internal sealed partial class ModelReconciler(
    IModelStore models, ModelWriter writer, ReplicaReconciler replicas, EngineSandboxes sandboxes, TimeProvider time,
    ILogger<ModelReconciler> logger)
{
    /// <param name="model">As it was just read.</param>
    public async Task ReconcileAsync(ModelRecord model, CancellationToken cancellationToken)
    {
        if (model.IsEnding)
        {
            await EndAsync(model, cancellationToken);
        }
        else if (await ResizeAsync(model, cancellationToken) is { } current)
        {
            var next = await Task.WhenAll(
                current.Replicas.Take(current.WantedReplicas)
                    .Select(replica => replicas.StepAsync(current, replica, cancellationToken)));
            await WriteAsync(current, next, cancellationToken);
        }
    }

    private async Task EndAsync(ModelRecord model, CancellationToken cancellationToken)
    {
        var gone = await Task.WhenAll(model.Replicas.Select(replica => sandboxes.EndAsync(replica.Sandbox, cancellationToken)));
        if (gone.All(isGone => isGone) && await models.TryRemoveAsync(model, cancellationToken))
        {
            Log.Gone(logger, model.Tenant, model.Name);
        }
    }

    /// <summary>The record with as many replicas as are wanted; null: it has just been changed, and is looked at again.</summary>
    private async Task<ModelRecord?> ResizeAsync(ModelRecord model, CancellationToken cancellationToken)
    {
        if (IsAwake(model) is var isAwake && isAwake != model.IsAwake)
        {
            // The gateway learns of it before the sandboxes end.
            Log.IdleChanged(logger, model.Tenant, model.Name, isAwake ? "is used again" : "is idle");
            await models.TryWriteAsync(model with { Version = model.Version + 1, IsAwake = isAwake }, cancellationToken);
            return null;
        }

        if (model.Replicas.Count == model.WantedReplicas)
        {
            return model;
        }

        var surplus = model.Replicas.Skip(model.WantedReplicas).ToList();
        var gone = await Task.WhenAll(surplus.Select(replica => sandboxes.EndAsync(replica.Sandbox, cancellationToken)));
        var left = model.Replicas.Take(model.WantedReplicas).Concat(surplus.Where((_, index) => !gone[index])).ToImmutableList();
        var names = Enumerable.Range(1, model.WantedReplicas + left.Count).Select(number => $"{model.Name}-{number}")
            .Except(left.Select(replica => replica.Name)).Take(Math.Max(0, model.WantedReplicas - left.Count));
        var next = model with
        {
            Version = model.Version + 1,
            Replicas = left.AddRange(names.Select(name => ReplicaReconciler.New(model, name))),
        };
        return await models.TryWriteAsync(next, cancellationToken) ? next : null;
    }

    /// <summary>What is still being started is not called idle.</summary>
    private bool IsAwake(ModelRecord model)
    {
        if (model.IdleTimeout is not { } idle || model.LeastReplicas >= model.MostReplicas)
        {
            return true;
        }

        var lastUse = model.Replicas.Aggregate(model.UsedAt, (last, replica) => replica.ReadyAt > last ? replica.ReadyAt.Value : last);
        return time.GetUtcNow() - lastUse < idle
            || (model.IsAwake && model.Replicas.Any(replica => replica.State is ReplicaState.Deploying));
    }

    private async Task WriteAsync(ModelRecord known, ModelReplica[] next, CancellationToken cancellationToken)
    {
        foreach (var (before, after) in known.Replicas.Zip(next).Where(pair => pair.First.State != pair.Second.State))
        {
            Log.ReplicaChanged(logger, known.Tenant, after.Name, before.State, after.State, after.Message);
        }

        await writer.ChangeAsync(
            known,
            current =>
            {
                var merged = current.Replicas.ConvertAll(
                    replica => Array.Find(next, stepped => stepped.Name == replica.Name) ?? replica);
                return merged.SequenceEqual(current.Replicas) ? current : current with { Replicas = merged };
            },
            cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(5701, LogLevel.Information, "Model {Model} of tenant {Tenant} {Change}")]
        public static partial void IdleChanged(ILogger logger, string tenant, string model, string change);

        [LoggerMessage(5702, LogLevel.Information, "Replica {Replica} of tenant {Tenant} was {Before} and is {After}: {Message}")]
        public static partial void ReplicaChanged(
            ILogger logger, string tenant, string replica, ReplicaState before, ReplicaState after, string message);

        [LoggerMessage(5703, LogLevel.Information, "Model {Model} of tenant {Tenant} is gone, and its sandboxes before it")]
        public static partial void Gone(ILogger logger, string tenant, string model);
    }
}
