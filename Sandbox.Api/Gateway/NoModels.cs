using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Gateway;

/// <summary>A server that serves no models.</summary>
internal sealed class NoModels : IModelCatalog
{
    public async IAsyncEnumerable<ImmutableArray<OfferedModel>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return [];
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    public Task WakeAsync(string? tenant, string model, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Touch(string? tenant, string model)
    {
    }
}
