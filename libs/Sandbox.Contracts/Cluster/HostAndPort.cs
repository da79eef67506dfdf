using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sandbox.Contracts.Cluster;

/// <summary>A machine, and a port of it where one is said, as people write it: <c>host</c>, <c>host:port</c>, <c>[::1]:port</c>.</summary>
/// <param name="Port">Null: none is said.</param>
public sealed record HostAndPort(string Host, int? Port)
{
    private const int LongestHost = 253;

    /// <exception cref="FormatException">It is not written like that.</exception>
    public static HostAndPort Parse(string text) =>
        TryParse(text, out var parsed) ? parsed : throw new FormatException($"'{text}' is not host or host:port.");

    public static bool TryParse(string text, [NotNullWhen(true)] out HostAndPort? parsed)
    {
        parsed = null;
        var colon = text.StartsWith('[') ? text.IndexOf("]:", StringComparison.Ordinal) + 1 : text.IndexOf(':', StringComparison.Ordinal);
        int? port = null;
        if (colon > 0)
        {
            if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number is 0 or > ushort.MaxValue)
            {
                return false;
            }

            port = number;
        }

        var host = colon > 0 ? text[..colon] : text;
        if (Uri.CheckHostName(host) is UriHostNameType.Unknown || host.Length > LongestHost)
        {
            return false;
        }

        parsed = new HostAndPort(host, port);
        return true;
    }
}
