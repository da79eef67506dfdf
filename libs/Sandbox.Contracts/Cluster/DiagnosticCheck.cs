using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Cluster;

/// <summary>One thing that was looked at, and what is in effect.</summary>
/// <param name="Name">For programs; stable: <c>network</c>, <c>seccomp</c>.</param>
/// <param name="Status"><see cref="Ok"/>, <see cref="Warning"/> or <see cref="Failed"/>.</param>
/// <param name="Found">What is in effect, in words for people.</param>
/// <param name="Advice">What to do about it; null: nothing.</param>
public sealed record DiagnosticCheck(
    string Name, string Status, string Found,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Advice = null)
{
    public const string Ok = "ok";

    /// <summary>No promise is broken by it; an operator may want it otherwise.</summary>
    public const string Warning = "warning";

    /// <summary>A promise of docs/security.md does not hold, or it cannot be known whether it does.</summary>
    public const string Failed = "failed";

    public static DiagnosticCheck Good(string name, string found) => new(name, Ok, found);

    public static DiagnosticCheck Warn(string name, string found, string advice) => new(name, Warning, found, advice);

    public static DiagnosticCheck Fail(string name, string found, string advice) => new(name, Failed, found, advice);
}
