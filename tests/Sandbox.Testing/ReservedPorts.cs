using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sandbox.Testing;

/// <summary>
/// Ports for programs that must be told theirs before they listen. They lie below those that the system hands out by itself, so no
/// connection or listener of anybody's happens to get one, and each is locked until this program ends, so no other test program does.
/// </summary>
public static class ReservedPorts
{
    private const int First = 15_000;

    private static readonly string Folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "sandbox-test-ports")).FullName;
    private static readonly int Count = FirstOfTheSystem() - First;
    private static readonly List<FileStream> Locks = [];

    // Programs that run beside each other begin at different places.
    private static int _last = Environment.ProcessId * 61 % Count;

    public static int Next()
    {
        lock (Locks)
        {
            for (var tries = 0; tries < Count; tries++)
            {
                var port = First + (_last = (_last + 1) % Count);
                if (TryLock(port) is not { } mine)
                {
                    continue;
                }

                Locks.Add(mine);
                if (IsFree(port))
                {
                    return port;
                }
            }
        }

        throw new InvalidOperationException($"No port from {First} on is free.");
    }

    private static FileStream? TryLock(int port)
    {
        try
        {
            return new FileStream(
                Path.Combine(Folder, port.ToString(CultureInfo.InvariantCulture)), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                FileShare.None);
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FirstOfTheSystem()
    {
        const string Range = "/proc/sys/net/ipv4/ip_local_port_range";
        var first = File.Exists(Range) ? int.Parse(File.ReadAllText(Range).Split('\t')[0], CultureInfo.InvariantCulture) : 32_768;
        return first > First + 1000 ? first : 32_768;
    }
}
