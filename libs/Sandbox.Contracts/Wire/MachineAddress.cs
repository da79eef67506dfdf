using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Sandbox.Contracts.Wire;

/// <summary>The IPv4 addresses by which others reach this machine.</summary>
public static class MachineAddress
{
    private const int Attempts = 10;

    /// <summary>Any address outside: a datagram socket is only told where it would send to, and sends nothing.</summary>
    private static readonly IPEndPoint Outside = new(IPAddress.Parse("8.8.8.8"), 53);

    /// <summary>The address from which this machine sends to other networks; null: it has no route to any.</summary>
    /// <remarks>The kernel's routes are asked, and interfaces are not listed: containers come and go on a node, and their interfaces with
    /// them, while .NET's list fails on an interface that goes away between two of its questions.</remarks>
    public static IPAddress? Outward()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(Outside);
            return socket.LocalEndPoint is IPEndPoint { Address: var address } && !IPAddress.IsLoopback(address) ? address : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>The first address of an interface that is up, for a machine without a route to other networks; null: it has none but
    /// loopback.</summary>
    public static IPAddress? Any()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                return NetworkInterface.GetAllNetworkInterfaces()
                    .Where(port => port.OperationalStatus is OperationalStatus.Up)
                    .SelectMany(port => port.GetIPProperties().UnicastAddresses)
                    .Select(address => address.Address)
                    .FirstOrDefault(address => address.AddressFamily is AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
            }
            catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidDataException
                or NetworkInformationException or IOException)
            {
                // An interface or a route went away while it was being read: the next look
                // does not meet the same one.
            }
        }

        return null;
    }
}
