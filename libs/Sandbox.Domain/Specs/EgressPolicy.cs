using System.Text.Json.Serialization;

namespace Sandbox.Domain.Specs;

/// <summary>
/// What one sandbox may reach of that which its node lets sandboxes reach at all. It narrows the operator's policy and never widens it.
/// Unlike the rest of a spec it may be replaced while the sandbox lives.
/// </summary>
public sealed record EgressPolicy
{
    /// <summary>Entries that the two lists have together at most.</summary>
    public const int MostEntries = 128;

    /// <summary>IPv4 networks, and names (<c>pypi.org</c>, <c>*.pythonhosted.org</c>): nothing else is reached. Null: everything.</summary>
    public IReadOnlyList<string>? Allow { get; init; }

    /// <summary>IPv4 networks that are not reached, whatever is allowed.</summary>
    public IReadOnlyList<string> Deny { get; init; } = [];

    /// <summary>Grows with each change, so that a node never puts an older one in effect over a newer one.</summary>
    public long Revision { get; init; }

    /// <summary>It keeps nothing back.</summary>
    [JsonIgnore]
    public bool IsOpen => Allow is null && Deny.Count == 0;

    /// <summary>The allowed networks.</summary>
    [JsonIgnore]
    public IEnumerable<string> AllowedNetworks => (Allow ?? []).Where(IsNetwork);

    /// <summary>The allowed names; one that begins with <c>*.</c> is every name below the rest, and not the rest itself.</summary>
    [JsonIgnore]
    public IEnumerable<string> AllowedNames => (Allow ?? []).Where(entry => !IsNetwork(entry));

    /// <summary>Whether a name, in lower case and without a dot at its end, is allowed.</summary>
    public bool Allows(string name) => AllowedNames.Any(allowed => allowed.StartsWith("*.", StringComparison.Ordinal)
        ? name.Length > allowed.Length - 1 && name.EndsWith(allowed[1..], StringComparison.Ordinal)
        : name == allowed);

    private static bool IsNetwork(string entry) => entry.Contains('/', StringComparison.Ordinal);
}
