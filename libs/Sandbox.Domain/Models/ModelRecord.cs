using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Models;

/// <summary>A model that is to be served: what was asked for, and the sandboxes that its engines run in. Written by compare-and-set on
/// <see cref="Version"/>.</summary>
public sealed record ModelRecord
{
    public required string Tenant { get; init; }

    /// <summary>Unique among those of its tenant.</summary>
    public required string Name { get; init; }

    /// <summary>From 1; grows by one with each write.</summary>
    public required long Version { get; init; }

    public required string Engine { get; init; }

    /// <summary>The engine's configuration by its keys. It may hold secrets, is encrypted in its row, and never changes.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, string> Configuration { get; init; } = new Dictionary<string, string>();

    /// <summary>The configuration is there and this process cannot decrypt it.</summary>
    [JsonIgnore]
    public bool IsConfigurationUnreadable { get; init; }

    /// <summary>The name under which its engines serve it, and clients ask for it.</summary>
    public required string ServedName { get; init; }

    public required DeploymentKind Deployment { get; init; }

    /// <summary>Cores of each replica.</summary>
    public required double Cpus { get; init; }

    /// <summary>Memory of each replica, for example <c>8g</c>.</summary>
    public required string Memory { get; init; }

    /// <summary>Replicas while it is used.</summary>
    public required int MostReplicas { get; init; }

    /// <summary>Replicas while it is idle; 0: the next request starts it.</summary>
    public required int LeastReplicas { get; init; }

    /// <summary>Time without a request after which it is idle; null: never.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Other names for it, each with its part of the requests for that name.</summary>
    public ImmutableDictionary<string, double> Aliases { get; init; } = ImmutableDictionary<string, double>.Empty;

    /// <summary>Ready means that it completes a prompt; otherwise that its health path answers.</summary>
    public bool CompletesPrompts { get; init; } = true;

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>It is used, or was not idle for long enough yet.</summary>
    public bool IsAwake { get; init; } = true;

    /// <summary>It is to be gone, and its sandboxes before it.</summary>
    public bool IsEnding { get; init; }

    public ImmutableList<ModelReplica> Replicas { get; init; } = [];

    /// <summary>When it was used last, as far as that was written.</summary>
    [JsonIgnore]
    public DateTimeOffset UsedAt { get; init; }

    /// <summary>How many replicas there should be now.</summary>
    [JsonIgnore]
    public int WantedReplicas => IsEnding ? 0 : IsAwake ? MostReplicas : LeastReplicas;
}
