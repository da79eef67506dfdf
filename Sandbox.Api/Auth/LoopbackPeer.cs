using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections.Features;

namespace Sandbox.Api.Auth;

/// <summary>Whether the other end of a loopback connection is a process of the server's own user, or of root: the kernel's table of sockets
/// says whose it is (Linux, proc(5)). Looked up once per connection.</summary>
internal sealed class LoopbackPeer
{
    private const uint Root = 0;

    /// <summary>The kernel makes the table as it is read, and may leave out a line while sockets come and go.</summary>
    private const int Attempts = 3;

    private readonly Lazy<uint> _own = new(OwnUser);

    public bool IsOwn(HttpContext http)
    {
        if (http.Features.Get<IConnectionItemsFeature>()?.Items is not { } items)
        {
            return LooksOwn(http.Connection);
        }

        if (items.TryGetValue(typeof(LoopbackPeer), out var known))
        {
            return known is true;
        }

        var isOwn = LooksOwn(http.Connection);
        items[typeof(LoopbackPeer)] = isOwn;
        return isOwn;
    }

    /// <summary>The user whose process holds the socket at <paramref name="peer"/> that is connected to <paramref name="local"/>; null:
    /// there is none that any process still holds.</summary>
    internal static uint? UserOf(IPEndPoint peer, IPEndPoint local)
    {
        var (from, to) = (Plain(peer), Plain(local));
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            // A socket of the newer family that is connected to an address of the older one is in the newer one's table.
            var user = from.AddressFamily is System.Net.Sockets.AddressFamily.InterNetwork
                ? Find("/proc/net/tcp", from, to) ?? Find("/proc/net/tcp6", Mapped(from), Mapped(to))
                : Find("/proc/net/tcp6", from, to);
            if (user is not null)
            {
                return user;
            }
        }

        return null;
    }

    private bool LooksOwn(ConnectionInfo connection) =>
        connection is { RemoteIpAddress: { } remote, LocalIpAddress: { } local }
        && UserOf(new IPEndPoint(remote, connection.RemotePort), new IPEndPoint(local, connection.LocalPort)) is { } user
        && (user == _own.Value || user == Root);

    private static uint? Find(string table, IPEndPoint peer, IPEndPoint local)
    {
        var wanted = $" {Text(peer)} {Text(local)} ";
        foreach (var line in File.ReadLines(table))
        {
            if (line.Contains(wanted, StringComparison.Ordinal))
            {
                // sl local remote st queues timer retransmissions uid timeout inode: a socket that was closed already has no inode, and
                // root for its user.
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                return fields.Length > 9 && fields[9] != "0" && uint.TryParse(fields[7], CultureInfo.InvariantCulture, out var user)
                    ? user : null;
            }
        }

        return null;
    }

    private static IPEndPoint Plain(IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;

    private static IPEndPoint Mapped(IPEndPoint end) => new(end.Address.MapToIPv6(), end.Port);

    /// <summary>As the kernel prints it: words of four bytes in the machine's order.</summary>
    private static string Text(IPEndPoint end)
    {
        var bytes = end.Address.GetAddressBytes();
        var words = bytes.Chunk(sizeof(uint)).Select(word => $"{BitConverter.ToUInt32(word):X8}");
        return $"{string.Concat(words)}:{end.Port:X4}";
    }

    /// <summary>The effective one.</summary>
    private static uint OwnUser() => uint.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal))
            .Split('\t', StringSplitOptions.RemoveEmptyEntries)[2],
        CultureInfo.InvariantCulture);
}
