using System.Diagnostics.CodeAnalysis;

namespace Sandbox.Serving.Backends;

/// <summary>What was started, or why nothing was.</summary>
public sealed record StartModelResult
{
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool Started => Failure is null;

    public ServingFailure? Failure { get; init; }

    public string Engine { get; init; } = "";

    public string ApplicationName { get; init; } = "";

    public int Port { get; init; }

    /// <summary>The name under which clients ask for it.</summary>
    public string Model { get; init; } = "";

    /// <summary>Null when nobody waited for it.</summary>
    public ReadyResult? Readiness { get; init; }
}
