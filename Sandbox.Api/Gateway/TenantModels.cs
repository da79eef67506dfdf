using System.Collections.Immutable;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Gateway;

/// <summary>The models of one tenant, or those of everybody. One caller at a time changes them; any may ask.</summary>
internal sealed class TenantModels(RoutingOptions options, TimeProvider time) : IDisposable
{
    private readonly ModelRouter _router = new(options, time, Random.Shared.NextDouble);
    private ImmutableDictionary<string, OfferedModel> _offered = ImmutableDictionary<string, OfferedModel>.Empty;
    private ImmutableHashSet<string> _aliases = [];

    public IEnumerable<string> Names => _offered.Keys.Concat(_aliases.Where(alias => !_offered.ContainsKey(alias)));

    public IEnumerable<ModelRoute> All => _offered.Values.Select(RouteOf).OfType<ModelRoute>();

    /// <summary>Null: no model of this name.</summary>
    public ModelRoute? Find(string name) =>
        _router.Resolve(name) is { } model && _offered.TryGetValue(model, out var offered) ? RouteOf(offered) : null;

    public void Change(IReadOnlyCollection<OfferedModel> offered)
    {
        var (before, now) = (_offered, offered.ToImmutableDictionary(model => model.Name, StringComparer.Ordinal));
        foreach (var model in offered)
        {
            Change(_router.AddModel(model.Name), before.GetValueOrDefault(model.Name)?.Replicas ?? [], model.Replicas);
        }

        // Before the model, so that nobody who sees it misses its other names.
        ChangeAliases(offered);
        _offered = now;
        foreach (var gone in before.Keys.Where(name => !now.ContainsKey(name)))
        {
            _router.RemoveModel(gone);
        }
    }

    public void Dispose() => _router.Dispose();

    private static void Change(ReplicaPool pool, ImmutableArray<Replica> before, ImmutableArray<Replica> now)
    {
        foreach (var replica in now.Except(before))
        {
            pool.Add(replica);
        }

        foreach (var gone in before.ExceptBy(now.Select(replica => replica.Id), replica => replica.Id))
        {
            // It ends what it has; nobody waits for that here.
            _ = pool.DrainAsync(gone.Id, CancellationToken.None);
        }
    }

    private void ChangeAliases(IReadOnlyCollection<OfferedModel> offered)
    {
        var aliases = offered
            .SelectMany(model => model.Aliases.Select(alias => (alias.Key, Model: new WeightedModel(model.Name, alias.Value))))
            .GroupBy(alias => alias.Key, alias => alias.Model, StringComparer.Ordinal)
            .ToDictionary(alias => alias.Key, alias => alias.ToImmutableArray());
        foreach (var (alias, models) in aliases)
        {
            _router.SetAlias(alias, models);
        }

        foreach (var gone in _aliases.Where(alias => !aliases.ContainsKey(alias)))
        {
            _router.RemoveAlias(gone);
        }

        _aliases = [.. aliases.Keys];
    }

    private ModelRoute? RouteOf(OfferedModel model) => _router.TryGetModel(model.Name, out var pool) ? new(model, pool) : null;
}
