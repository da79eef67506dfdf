using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sandbox.Contracts.Cluster;

namespace Sandbox.Domain.Heads;

/// <summary>Nodes that may be the head, first choice first. Names are those of hosts, so letters count the same in either case. An entry
/// with a port means the node that has its head port there: several nodes of one machine differ by it.</summary>
public sealed class HeadWhitelist
{
    private HeadWhitelist(IReadOnlyList<WhitelistEntry> entries) => Entries = entries;

    /// <summary>At least one.</summary>
    public IReadOnlyList<WhitelistEntry> Entries { get; }

    /// <param name="text">Entries <c>host[:port]</c>, with spaces or commas between them.</param>
    /// <param name="problem">What is wrong with it, for people; without the name of the setting.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out HeadWhitelist? whitelist, [NotNullWhen(false)] out string? problem)
    {
        var words = (text ?? "").Split([' ', ',', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
        (whitelist, problem) =
            (null, words.Length == 0 ? "empty; name at least one node that may be the head, as host or host:port" : null);
        var entries = new List<WhitelistEntry>();
        foreach (var word in words)
        {
            if (!HostAndPort.TryParse(word, out var parsed))
            {
                problem ??= $"'{word}' is not host or host:port (port 1 to 65535)";
            }
            else if (new WhitelistEntry(parsed.Host, parsed.Port) is var entry && entries.Contains(entry))
            {
                problem ??= $"'{word}' is in it twice";
            }
            else
            {
                entries.Add(entry);
            }
        }

        whitelist = problem is null ? new HeadWhitelist(entries) : null;
        return whitelist is not null;
    }

    /// <summary>Its place, from 1; null: it may not be the head, and <paramref name="why"/> says why.</summary>
    public int? PlaceOf(string host, int headPort, out string why)
    {
        WhitelistEntry? otherPort = null;
        for (var place = 0; place < Entries.Count; place++)
        {
            if (!Entries[place].IsHost(host))
            {
                continue;
            }

            if (Entries[place].Port is not { } port || port == headPort)
            {
                why = Entries[place].Host == host
                    ? $"{host} is in the whitelist, place {place + 1}"
                    : $"{host} is in the whitelist as {Entries[place].Host}, place {place + 1}";
                return place + 1;
            }

            otherPort ??= Entries[place];
        }

        why = otherPort is null
            ? $"{host} is not in the whitelist ({this})"
            : $"{host} is in the whitelist as {otherPort}, but its head port is {headPort}";
        return null;
    }

    public override string ToString() => string.Join(' ', Entries);
}

/// <param name="Port">Null: whatever port its head port is.</param>
public sealed record WhitelistEntry(string Host, int? Port)
{
    public bool IsHost(string host) => string.Equals(Host, host, StringComparison.OrdinalIgnoreCase);

    public bool Equals(WhitelistEntry? other) => other is not null && IsHost(other.Host) && Port == other.Port;

    public override int GetHashCode() => HashCode.Combine(StringComparer.OrdinalIgnoreCase.GetHashCode(Host), Port);

    public override string ToString() => Port is { } port ? string.Create(CultureInfo.InvariantCulture, $"{Host}:{port}") : Host;
}
