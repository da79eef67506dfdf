using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sandbox.Deployments.Networks;

/// <summary>What this machine's network looks like now: addresses, routes, name servers.</summary>
internal static class MachineNetworks
{
    // The second has the real name servers where a resolver on loopback stands before them: the engine reads it then.
    private static readonly string[] ResolverFiles = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

    /// <summary>The name servers that something inside a network of its own can be sent to; IPv4 only.</summary>
    public static IReadOnlyList<IPAddress> Resolvers() =>
        [.. ResolverFiles.Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["nameserver", ..] and { Length: > 1 })
            .Select(words => IPAddress.TryParse(words[1], out var address) ? address : null)
            .OfType<IPAddress>()
            .Where(address => address.AddressFamily is AddressFamily.InterNetwork && !IPAddress.IsLoopback(address))
            .Distinct()
            .OrderBy(address => address.ToString(), StringComparer.Ordinal)];

    /// <summary>The IPv4 addresses of this machine, loopback left out.</summary>
    /// <remarks>Read from the kernel's table in one go: .NET's list fails on an interface that goes away while it is read.</remarks>
    public static IReadOnlyList<IPAddress> Addresses()
    {
        IPAddress? current = null;
        var found = new SortedDictionary<string, IPAddress>(StringComparer.Ordinal);
        foreach (var line in File.Exists("/proc/net/fib_trie") ? File.ReadLines("/proc/net/fib_trie").Select(line => line.Trim()) : [])
        {
            if (line.StartsWith("|-- ", StringComparison.Ordinal))
            {
                current = IPAddress.Parse(line[4..]);
            }
            else if (line is "/32 host LOCAL" && current is not null && !IPAddress.IsLoopback(current))
            {
                found[current.ToString()] = current;
            }
        }

        return [.. found.Values];
    }

    /// <summary>The networks that this machine has a route to, the default route left out.</summary>
    public static IReadOnlyList<IPNetwork> Routes() => File.Exists("/proc/net/route")
        ? [.. File.ReadLines("/proc/net/route").Skip(1).Select(RouteOf).OfType<IPNetwork>()]
        : [];

    /// <summary>Interface, destination, gateway, flags, counts and metric, mask; addresses as hexadecimal digits in the machine's order of
    /// bytes.</summary>
    private static IPNetwork? RouteOf(string line)
    {
        var fields = line.Split('\t', StringSplitOptions.TrimEntries);
        if (fields.Length < 8 || AddressOf(fields[1]) is not { } destination || AddressOf(fields[7]) is not { } mask || mask == 0)
        {
            return null;
        }

        var length = 32 - int.TrailingZeroCount((int)mask);
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, destination & mask);
        return new IPNetwork(new IPAddress(bytes), length);
    }

    private static uint? AddressOf(string digits)
    {
        if (!uint.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(number) : number;
    }
}
