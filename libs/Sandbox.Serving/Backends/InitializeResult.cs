using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Sandbox.Serving.Backends;

/// <summary>The cluster that a <see cref="ServeBackend"/> uses from now on, or why it has none.</summary>
public sealed record InitializeResult
{
    [MemberNotNullWhen(false, nameof(Failure))]
    [MemberNotNullWhen(true, nameof(Address))]
    public bool Initialized => Failure is null;

    public ServingFailure? Failure { get; init; }

    public InitializeMode Mode { get; init; }

    public string? Address { get; init; }

    public ImmutableArray<ClusterNode> Nodes { get; init; } = [];
}
