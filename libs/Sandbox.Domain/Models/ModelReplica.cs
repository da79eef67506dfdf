using Sandbox.Contracts.Ids;

namespace Sandbox.Domain.Models;

/// <summary>One of a model's engines and the sandbox that it runs in.</summary>
public sealed record ModelReplica
{
    /// <summary>The replica's name, the same however often its sandbox is replaced.</summary>
    public required string Name { get; init; }

    /// <summary>Written before the sandbox is submitted, so that a sandbox of this id is made at most once.</summary>
    public required SandboxId Sandbox { get; init; }

    /// <summary>The port inside the sandbox on which the engine listens.</summary>
    public required int Port { get; init; }

    public ReplicaState State { get; init; } = ReplicaState.Deploying;

    /// <summary>Why it is in that state, without a secret; empty when there is nothing to say.</summary>
    public string Message { get; init; } = "";

    /// <summary>Failures in a row.</summary>
    public int Failures { get; init; }

    /// <summary>It is not tried again before this; null: at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When the engine was started in this sandbox; null: it was not.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it got ready; null: it was not since its start.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>The command that runs once the server answers was done.</summary>
    public bool IsPrepared { get; init; }

    /// <summary>The end of what an engine that has ended printed, without a secret.</summary>
    public string LastOutput { get; init; } = "";
}
