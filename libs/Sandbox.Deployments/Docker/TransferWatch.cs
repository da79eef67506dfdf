using System.Net;
using Docker.DotNet.Models;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// Watches what an engine tells of one pull or push: its failure, and whether anything moves. An engine tells of a layer's bytes in steps
/// of at most a hundredth of the layer or half a megabyte, so what trickles moves nothing for a while. While no layer is the registry's
/// turn (the engine unpacks, or has other transfers before this one), no time is counted.
/// </summary>
internal sealed class TransferWatch(IProgress<JSONMessage>? inner, TimeSpan longest, TimeProvider time)
    : IProgress<JSONMessage>, IDisposable
{
    // Waiting is for other transfers of the engine. The rest of the words are about layers that the registry is done with.
    private static readonly HashSet<string> NotTheRegistrys =
    [
        "Waiting", "Verifying Checksum", "Download complete", "Extracting", "Pull complete", "Already exists", "Pushed",
        "Layer already exists",
    ];

    private readonly TimeSpan _longest = longest;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stalled = new(longest, time);
    private readonly Dictionary<string, (string Status, long Bytes)> _layers = [];
    private string? _failure;

    /// <summary>Cancelled when nothing has moved for the longest time.</summary>
    public CancellationToken Stalled => _stalled.Token;

    public void Report(JSONMessage value)
    {
        lock (_lock)
        {
            if (value.Error is { } error)
            {
                _failure = error.Message ?? "the engine gave no reason";
            }

            if (HasMoved(value))
            {
                _stalled.CancelAfter(IsRegistrysTurn ? _longest : Timeout.InfiniteTimeSpan);
            }
        }

        inner?.Report(value);
    }

    public void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new EngineException(_failure, HttpStatusCode.InternalServerError, null);
        }
    }

    public void Dispose() => _stalled.Dispose();

    /// <summary>Before the first layer is named, the registry is asked what there is.</summary>
    private bool IsRegistrysTurn => _layers.Count == 0 || _layers.Values.Any(layer => !NotTheRegistrys.Contains(layer.Status));

    /// <summary>Some engines repeat themselves: what they said before is no movement.</summary>
    private bool HasMoved(JSONMessage value)
    {
        if (value is not { ID: { Length: > 0 } id, Status: { } status } || status.StartsWith("Pulling from", StringComparison.Ordinal))
        {
            return true;
        }

        // The rest of that text names a repository.
        var isMounted = status.StartsWith("Mounted from", StringComparison.Ordinal);
        var now = (isMounted ? "Layer already exists" : status, value.Progress?.Current ?? 0);
        var before = _layers.GetValueOrDefault(id);
        _layers[id] = now;
        return before != now;
    }
}
