using System.Collections.Immutable;
using Sandbox.Domain.Specs;
using Sandbox.Serving.Configuration;

namespace Sandbox.Api.Serving;

/// <summary>A model that is asked for.</summary>
internal sealed record ModelOrder
{
    public required string Tenant { get; init; }

    public required string Name { get; init; }

    /// <summary>Null: the configuration's, without that the default.</summary>
    public string? Engine { get; init; }

    public required EngineConfiguration Configuration { get; init; }

    /// <summary>It is served under another name than its own; null: under its own.</summary>
    public string? ServedName { get; init; }

    public int MostReplicas { get; init; } = 1;

    public int LeastReplicas { get; init; } = 1;

    public ImmutableDictionary<string, double> Aliases { get; init; } = ImmutableDictionary<string, double>.Empty;

    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Null: with an image what this cluster runs, without one Local.</summary>
    public DeploymentKind? Deployment { get; init; }

    /// <summary>Null: what the engine's resource plan says.</summary>
    public double? Cpus { get; init; }

    public string? Memory { get; init; }

    public bool CompletesPrompts { get; init; } = true;
}
