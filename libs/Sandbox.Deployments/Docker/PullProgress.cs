using System.Globalization;
using Docker.DotNet.Models;

namespace Sandbox.Deployments.Docker;

/// <summary>Adds the engine's messages about each layer up to one line.</summary>
internal sealed class PullProgress : IProgress<JSONMessage>
{
    private const double Mega = 1_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Layer> _layers = [];

    /// <summary>For example <c>pulling: 3 of 7 layers, 12.4 of 80.1 MB</c>.</summary>
    public string Line
    {
        get
        {
            lock (_lock)
            {
                var done = _layers.Values.Count(layer => layer.Done);
                var size = _layers.Values.Sum(layer => layer.Total);
                return _layers.Count == 0
                    ? "pulling"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"pulling: {done} of {_layers.Count} layers, {_layers.Values.Sum(layer => layer.Current) / Mega:0.0} of "
                            + $"{size / Mega:0.0} MB");
            }
        }
    }

    public void Report(JSONMessage value)
    {
        if (value is not { ID: { Length: > 0 } id, Status: { } status } || status.StartsWith("Pulling from", StringComparison.Ordinal))
        {
            return;
        }

        lock (_lock)
        {
            var layer = _layers.GetValueOrDefault(id) ?? new Layer(0, 0, Done: false);
            _layers[id] = status switch
            {
                "Downloading" => layer with { Current = value.Progress?.Current ?? 0, Total = value.Progress?.Total ?? 0 },
                "Download complete" => layer with { Current = layer.Total },
                "Pull complete" or "Already exists" => layer with { Current = layer.Total, Done = true },
                _ => layer,
            };
        }
    }

    private sealed record Layer(long Current, long Total, bool Done);
}
