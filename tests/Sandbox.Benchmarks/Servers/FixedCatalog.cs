using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Sandbox.Serving.Routing;

namespace Sandbox.Benchmarks.Servers;

/// <summary>Models that never change.</summary>
internal sealed class FixedCatalog(ImmutableArray<OfferedModel> models) : IModelCatalog
{
    public async IAsyncEnumerable<ImmutableArray<OfferedModel>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return models;
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }

    public Task WakeAsync(string? tenant, string model, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Touch(string? tenant, string model)
    {
    }
}
