using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sandbox.Domain.Heads;

/// <summary>Where a node tells its role.</summary>
public sealed record HeadAddress(string Host, int Port)
{
    /// <summary>The head port where none is configured. Not 6379, which is that of Redis.</summary>
    public const int DefaultPort = 6390;

    /// <param name="text"><c>host</c> or <c>host:port</c>.</param>
    /// <param name="port">Where it names none.</param>
    public static bool TryParse(string text, int port, [NotNullWhen(true)] out HeadAddress? address)
    {
        address = HeadWhitelist.TryParse(text, out var one, out _) && one.Entries is [var entry] ? Of(entry, port) : null;
        return address is not null;
    }

    public static HeadAddress Of(WhitelistEntry entry, int port) => new(entry.Host, entry.Port ?? port);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
