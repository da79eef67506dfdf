using System.Text.Json;

namespace Sandbox.Contracts.Management;

/// <summary>Body of <c>POST /api/v1/models</c>.</summary>
/// <param name="Name">By which clients ask for the model.</param>
/// <param name="Engine">Null: the configuration's <c>engine</c>, else the server's default.</param>
/// <param name="Configuration">The engine's keys and values; null: its defaults.</param>
/// <param name="Replicas">Copies of the engine while the model is used; null: 1.</param>
/// <param name="MinReplicas">Copies while it is idle; 0: its next request starts it. Null: 1.</param>
/// <param name="Aliases">Other names for it, each with its part of the requests for that name.</param>
/// <param name="IdleSeconds">Time without a request after which it is idle; null: never.</param>
/// <param name="Deployment"><c>docker</c>, <c>local</c> or <c>kubernetes</c>; null: with an image what the cluster runs, else
/// <c>local</c>.</param>
public sealed record ModelRequest(
    string? Name = null, string? Engine = null, JsonElement? Configuration = null, int? Replicas = null, int? MinReplicas = null,
    IReadOnlyDictionary<string, double>? Aliases = null, double? IdleSeconds = null, string? Deployment = null)
{
    /// <summary>Cores of each replica; null: what the engine needs, as far as the largest node has it.</summary>
    public double? Cpus { get; init; }

    /// <summary>Memory of each replica, for example <c>16g</c>; null: 8g, or 8g for each GPU.</summary>
    public string? Memory { get; init; }

    /// <summary><c>completion</c>: it is ready when it completes a prompt; <c>health</c>: when its health path answers, for models that
    /// complete nothing. Null: completion.</summary>
    public string? Readiness { get; init; }
}

/// <summary>A model that is served.</summary>
/// <param name="State"><c>deploying</c>, <c>running</c>, <c>unhealthy</c>, <c>deploy_failed</c> (it is tried again), <c>deleting</c>, or
/// <c>not_deployed</c> (idle).</param>
/// <param name="Message">Why; empty when there is nothing to say.</param>
public sealed record ModelResult(
    string Name, string Engine, string State, string Message, IReadOnlyList<ModelReplicaResult> Replicas, DateTimeOffset CreatedAt,
    IReadOnlyDictionary<string, double> Aliases)
{
    /// <summary>Whose it is; null: the server does not say.</summary>
    public string? Tenant { get; init; }
}

/// <summary>One of a model's engines.</summary>
/// <param name="State">Of the same words.</param>
public sealed record ModelReplicaResult(string Name, string State, string Message)
{
    /// <summary>The sandbox that it runs in.</summary>
    public string SandboxId { get; init; } = "";

    /// <summary>Failures in a row.</summary>
    public int Failures { get; init; }
}
