using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Sandbox.Serving.Routing;

/// <summary>Models by name, and names that stand for one or several of them. For any thread.</summary>
/// <param name="random">A number from 0 up to below 1, anew each time.</param>
public sealed class ModelRouter(RoutingOptions options, TimeProvider time, Func<double> random) : IDisposable
{
    private readonly ConcurrentDictionary<string, ReplicaPool> _pools = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ImmutableArray<WeightedModel>> _aliases = new(StringComparer.Ordinal);

    /// <summary>The models, without the aliases.</summary>
    public IEnumerable<string> Models => _pools.Keys.Order(StringComparer.Ordinal);

    /// <summary>The pool of a model; a new one without replicas when there is none.</summary>
    public ReplicaPool AddModel(string model) => _pools.GetOrAdd(model, _ => new(options, time));

    /// <summary>Takes a model away. Requests that it has go on to their end.</summary>
    public void RemoveModel(string model)
    {
        if (_pools.TryRemove(model, out var pool))
        {
            pool.Dispose();
        }
    }

    public bool TryGetModel(string model, [NotNullWhen(true)] out ReplicaPool? pool) => _pools.TryGetValue(model, out pool);

    /// <summary>Lets a name stand for models. A model of the same name goes before it.</summary>
    /// <exception cref="ArgumentException">There is no model, or a weight is not above 0.</exception>
    public void SetAlias(string alias, ImmutableArray<WeightedModel> models)
    {
        if (models.IsEmpty || models.Any(model => !double.IsFinite(model.Weight) || model.Weight <= 0))
        {
            throw new ArgumentException("An alias needs at least one model, and weights above 0.", nameof(models));
        }

        _aliases[alias] = models;
    }

    public void RemoveAlias(string alias) => _aliases.TryRemove(alias, out _);

    /// <summary>The model that a request for a name goes to: of those behind an alias by weight, among those that can take a request
    /// now when there are any. An alias may not stand for another one.</summary>
    /// <returns>Null when there is none.</returns>
    public string? Resolve(string name)
    {
        if (_pools.ContainsKey(name))
        {
            return name;
        }

        if (!_aliases.TryGetValue(name, out var behind))
        {
            return null;
        }

        var present = behind.Where(model => _pools.ContainsKey(model.Model)).ToList();
        var able = present.FindAll(model => _pools.TryGetValue(model.Model, out var pool) && pool.CanTake);
        return Draw(able.Count > 0 ? able : present);
    }

    /// <summary>A place at a replica of the model that a name stands for.</summary>
    public async Task<AcquireOutcome> AcquireAsync(
        string name, AffinityKey? affinity, ImmutableHashSet<string> excluded, CancellationToken cancellationToken) =>
        Resolve(name) is { } model && _pools.TryGetValue(model, out var pool)
            ? await pool.AcquireAsync(affinity, excluded, cancellationToken)
            : new AcquireOutcome.UnknownModel(name);

    public void Dispose()
    {
        foreach (var model in Models.ToList())
        {
            RemoveModel(model);
        }
    }

    private string? Draw(List<WeightedModel> models)
    {
        var left = random() * models.Sum(model => model.Weight);
        foreach (var model in models)
        {
            left -= model.Weight;
            if (left < 0)
            {
                return model.Model;
            }
        }

        // What rounding left over.
        return models.LastOrDefault()?.Model;
    }
}
