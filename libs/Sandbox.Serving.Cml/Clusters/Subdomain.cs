using System.Diagnostics.CodeAnalysis;
using Sandbox.Serving.Cml.Configuration;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>The name of an application in the workspace's domain: lower-case letters and digits, joined by single hyphens.</summary>
public static class Subdomain
{
    /// <summary>Of a label of a domain name.</summary>
    private const int Longest = 63;

    /// <exception cref="CmlConfigurationException">The name has no letter and no digit.</exception>
    public static string Make(string name) => TryMake(name, out var subdomain)
        ? subdomain
        : throw new CmlConfigurationException($"the name '{name}' must have a letter or a digit");

    /// <summary>False: the name has no letter and no digit.</summary>
    public static bool TryMake(string name, [NotNullWhen(true)] out string? subdomain)
    {
        var plain = new string([.. name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        var joined = string.Join('-', plain.Split('-', StringSplitOptions.RemoveEmptyEntries));
        subdomain = joined.Length == 0 ? null : joined[..Math.Min(joined.Length, Longest)].TrimEnd('-');
        return subdomain is not null;
    }
}
