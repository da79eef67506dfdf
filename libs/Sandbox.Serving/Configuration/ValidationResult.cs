using System.Collections.Immutable;

namespace Sandbox.Serving.Configuration;

/// <summary>Whether a configuration can be used, and everything that speaks against it.</summary>
public sealed record ValidationResult(ImmutableArray<string> Errors)
{
    public bool IsValid => Errors.IsEmpty;

    /// <summary>All errors in one line; empty when there is none.</summary>
    public string Message => string.Join("; ", Errors);
}
