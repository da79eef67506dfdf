using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Serving;

/// <summary>The models as the gateway knows them: read from their records, the same in each API process.</summary>
internal sealed partial class ModelCatalog(
    IModelStore models, EngineLaunches launches, ModelUsage usage, ModelChanges changes, TimeProvider time,
    ILogger<ModelCatalog> logger) : IModelCatalog
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<ImmutableArray<OfferedModel>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<(string, string, long)>? seen = null;
        while (true)
        {
            var changed = changes.Next;
            if (await ListAsync(cancellationToken) is { } known)
            {
                var versions = known.Select(model => (model.Tenant, model.Name, model.Version)).ToList();
                if (seen is null || !seen.SequenceEqual(versions))
                {
                    seen = versions;
                    yield return Offer(known);
                }
            }

            await changes.WaitAsync(changed, Every, cancellationToken);
        }
    }

    /// <summary>A use is what wakes it; the process that looks after models sees it within a second.</summary>
    public async Task WakeAsync(string? tenant, string model, CancellationToken cancellationToken)
    {
        foreach (var sleeping in await models.ListAsync(cancellationToken))
        {
            if (sleeping.Tenant == tenant && sleeping.ServedName == model && sleeping is { IsAwake: false, IsEnding: false })
            {
                await models.TouchAsync(sleeping.Tenant, sleeping.Name, time.GetUtcNow(), cancellationToken);
                changes.Publish();
            }
        }
    }

    public void Touch(string? tenant, string model)
    {
        if (tenant is not null)
        {
            usage.Touch(tenant, model);
        }
    }

    /// <summary>Null: they cannot be read now, and what was known holds on.</summary>
    private async Task<IReadOnlyList<ModelRecord>?> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await models.ListAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRead(logger, exception.Message);
            return null;
        }
    }

    /// <summary>Models of one tenant that are served under one name are one model with the replicas of all.</summary>
    private ImmutableArray<OfferedModel> Offer(IReadOnlyList<ModelRecord> known) =>
    [
        .. known.Where(model => !model.IsEnding).GroupBy(model => (model.Tenant, model.ServedName)).Select(same => new OfferedModel(
            same.Key.ServedName,
            same.Key.Tenant,
            same.SelectMany(model => model.Aliases).GroupBy(alias => alias.Key)
                .ToImmutableDictionary(alias => alias.Key, alias => alias.Sum(one => one.Value)),
            [.. same.SelectMany(ReadyReplicas)],
            CanWake: same.Any(model => model.WantedReplicas == 0))
        {
            ApiKey = launches.TryBuild(same.First(), EngineLaunches.DefaultPort, out var start, out _) ? start.Launch.ApiKey : null,
        }),
    ];

    private static IEnumerable<Replica> ReadyReplicas(ModelRecord model) => model.Replicas.Take(model.WantedReplicas)
        .Where(replica => replica.State is ReplicaState.Running)
        .Select(replica => new Replica(replica.Sandbox.ToString(), ReplicaConnector.AddressOf(replica.Sandbox, replica.Port)));

    private static partial class Log
    {
        [LoggerMessage(5721, LogLevel.Warning, "Models cannot be read now; what was known of them holds on: {Reason}")]
        public static partial void NotRead(ILogger logger, string reason);
    }
}
