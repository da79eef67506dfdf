using System.Net;
using System.Net.Sockets;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>Reads the lists of what a sandbox may reach, and brings each entry to one spelling.</summary>
internal static class EgressReader
{
    /// <summary>The name of a host has no more (RFC 1035).</summary>
    private const int LongestName = 253, LongestLabel = 63;

    /// <param name="field">Of the request, for what is said of a bad entry.</param>
    /// <param name="revision">Of the policy.</param>
    public static Result<EgressPolicy> Read(string field, IReadOnlyList<string>? allow, IReadOnlyList<string>? deny, long revision)
    {
        if ((allow?.Count ?? 0) + (deny?.Count ?? 0) > EgressPolicy.MostEntries)
        {
            return new SandboxError.BadSpec(field, $"must have at most {EgressPolicy.MostEntries} entries in both lists together");
        }

        foreach (var entry in (allow ?? []).Where(entry => (NetworkOf(entry) ?? NameOf(entry)) is null))
        {
            return new SandboxError.BadSpec(
                $"{field}.allow",
                $"'{SpecCheck.Short(entry ?? "null")}' is neither an IPv4 network such as 203.0.113.0/24 nor a name such as pypi.org or "
                    + "*.example.com");
        }

        foreach (var entry in (deny ?? []).Where(entry => NetworkOf(entry) is null))
        {
            return new SandboxError.BadSpec(
                $"{field}.deny",
                $"'{SpecCheck.Short(entry ?? "null")}' is no IPv4 network such as 203.0.113.0/24; names can only be allowed");
        }

        return new EgressPolicy
        {
            Allow = allow is null ? null : [.. allow.Select(entry => NetworkOf(entry) ?? NameOf(entry)!).Distinct()],
            Deny = [.. (deny ?? []).Select(entry => NetworkOf(entry)!).Distinct()],
            Revision = revision,
        };
    }

    /// <summary>Why such a sandbox cannot have lists at all; null: it can.</summary>
    public static SandboxError? WhyImpossible(SandboxSpec spec) => spec switch
    {
        { Egress: null or { IsOpen: true } } => null,
        { Network: NetworkMode.None } => Impossible("a sandbox with network none reaches nothing, and can have no lists"),

        // By its address rules know a sandbox, and what has all rights in its network can take another one.
        { Privileged: true } => Impossible("code in a privileged sandbox can change its own address, so no list binds it"),
        { UseKata: true } => Impossible("code in a sandbox of the kata runtime can change its own address, so no list binds it"),
        { Deployment: not DeploymentKind.Docker } => Impossible($"the network of a {spec.Deployment} sandbox can have no lists"),
        _ => null,
    };

    private static SandboxError.BadSpec Impossible(string reason) => new("egress", reason);

    /// <summary>Null: it is none.</summary>
    private static string? NetworkOf(string? entry)
    {
        // A list in JSON may have null in it.
        if (entry is null)
        {
            return null;
        }

        // The parser of addresses takes 1 for 0.0.0.1, and 010 for 8.
        var address = entry.Split('/')[0];
        return address.Count(c => c == '.') == 3
            && IPAddress.TryParse(address, out var single) && single.AddressFamily is AddressFamily.InterNetwork
            && single.ToString() == address
            && IPNetwork.TryParse(entry.Contains('/', StringComparison.Ordinal) ? entry : $"{entry}/32", out var network)
            ? network.ToString() : null;
    }

    /// <summary>Null: it is none.</summary>
    private static string? NameOf(string? entry)
    {
        if (entry is null)
        {
            return null;
        }

        var name = entry.ToLowerInvariant();
        name = name.EndsWith('.') ? name[..^1] : name;
        var labels = (name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name).Split('.');

        // No name of the internet ends in digits; what does is an address that was not spelled well.
        return name.Length <= LongestName && labels.All(IsLabel) && !labels[^1].All(char.IsAsciiDigit) ? name : null;
    }

    private static bool IsLabel(string label) => label.Length is > 0 and <= LongestLabel && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');
}
