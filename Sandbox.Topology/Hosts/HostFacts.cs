using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Sandbox.Topology.Settings;

namespace Sandbox.Topology.Hosts;

/// <summary>What cluster.yaml does not say of the machine is found out on it.</summary>
/// <param name="IpAddress">Null: it has no address but loopback.</param>
public sealed record HostFacts(string? IpAddress, bool HasGpu)
{
    /// <summary>Any address outside: a datagram socket is only told where it would send to, and sends nothing.</summary>
    private static readonly IPEndPoint Outside = new(IPAddress.Parse("8.8.8.8"), 53);

    private static readonly TimeSpan AskFor = TimeSpan.FromSeconds(5);

    /// <summary>What is written counts; only the rest is asked for.</summary>
    public static async Task<HostFacts> FindAsync(HostSettings host, TimeProvider time, CancellationToken cancellationToken) =>
        new(host.IpAddress ?? FindAddress(), host.HasGpu ?? await SeesGpuAsync(time, cancellationToken));

    private static string? FindAddress()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(Outside);
            if (socket.LocalEndPoint is IPEndPoint { Address: var address } && !IPAddress.IsLoopback(address))
            {
                return address.ToString();
            }
        }
        catch (SocketException)
        {
            // No way out: any address of its own will do.
        }

        return NetworkInterface.GetAllNetworkInterfaces()
            .Where(one => one.OperationalStatus is OperationalStatus.Up)
            .SelectMany(one => one.GetIPProperties().UnicastAddresses)
            .Select(one => one.Address)
            .FirstOrDefault(one => one.AddressFamily is AddressFamily.InterNetwork && !IPAddress.IsLoopback(one))?.ToString();
    }

    private static async Task<bool> SeesGpuAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(AskFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nvidia-smi") { RedirectStandardOutput = true, RedirectStandardError = true })!;
            try
            {
                await process.WaitForExitAsync(either.Token);
                return process.ExitCode == 0;
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                cancellationToken.ThrowIfCancellationRequested();
                return false;
            }
        }
        catch (Win32Exception)
        {
            return false; // There is no such program.
        }
    }
}
