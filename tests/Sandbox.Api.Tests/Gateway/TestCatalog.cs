using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Tests.Gateway;

/// <summary>The models that a test says there are.</summary>
internal sealed class TestCatalog : IModelCatalog
{
    private readonly Channel<ImmutableArray<OfferedModel>> _offers = Channel.CreateUnbounded<ImmutableArray<OfferedModel>>();

    /// <summary>What was started by its first request.</summary>
    public ConcurrentQueue<string> Woken { get; } = [];

    /// <summary>What a start of a model ends with; null: it is accepted.</summary>
    public Exception? Failure { get; set; }

    /// <summary>How often a request began or ended.</summary>
    public int Touches { get; private set; }

    public void Offer(params OfferedModel[] models) => _offers.Writer.TryWrite([.. models]);

    public async IAsyncEnumerable<ImmutableArray<OfferedModel>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var offer in _offers.Reader.ReadAllAsync(cancellationToken))
        {
            yield return offer;
        }
    }

    public Task WakeAsync(string? tenant, string model, CancellationToken cancellationToken)
    {
        Woken.Enqueue($"{tenant}/{model}");
        return Failure is null ? Task.CompletedTask : Task.FromException(Failure);
    }

    public void Touch(string? tenant, string model) => Touches++;
}
