using System.Collections.Immutable;

namespace Sandbox.Serving.Routing;

/// <summary>Which models there are, as the gateway has to know it.</summary>
public interface IModelCatalog
{
    /// <summary>All models, at once and after each change, until it is cancelled.</summary>
    IAsyncEnumerable<ImmutableArray<OfferedModel>> WatchAsync(CancellationToken cancellationToken);

    /// <summary>Starts a model that has no replicas; without effect when it has some or is being started.</summary>
    Task WakeAsync(string? tenant, string model, CancellationToken cancellationToken);

    /// <summary>A request for the model has begun or ended, which puts off its idle end.</summary>
    void Touch(string? tenant, string model);
}
