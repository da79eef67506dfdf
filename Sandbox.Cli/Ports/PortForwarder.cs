using System.Net;
using System.Net.Sockets;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Client.Ports;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Ports;

/// <summary>Listens on a port of this machine and carries each connection to a port inside a sandbox.</summary>
internal sealed class PortForwarder : IDisposable
{
    private const int BufferBytes = 16 * 1024;

    private readonly SandboxClient _client;
    private readonly SandboxId _id;
    private readonly Socket _listener;

    private PortForwarder(SandboxClient client, SandboxId id, int remote, Socket listener)
    {
        (_client, _id, _listener) = (client, id, listener);
        Remote = remote;
    }

    public int Remote { get; }

    public IPEndPoint Local => (IPEndPoint)_listener.LocalEndPoint!;

    /// <exception cref="CliException">The port is taken, or not for this user.</exception>
    public static PortForwarder Listen(SandboxClient client, SandboxId id, PortMapping mapping)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, mapping.Local));
            listener.Listen();
            return new PortForwarder(client, id, mapping.Remote, listener);
        }
        catch (SocketException exception)
        {
            listener.Dispose();
            throw new CliException($"cannot listen on 127.0.0.1:{mapping.Local}: {exception.Message}");
        }
    }

    /// <summary>Until it is cancelled. A connection that fails is told on standard error and ends no other.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(await _listener.AcceptAsync(cancellationToken), cancellationToken);
            }
        }
        catch (SocketException exception)
        {
            throw new CliException($"cannot accept connections on {Local}: {exception.Message}");
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task CarryAsync(Socket near, CancellationToken cancellationToken)
    {
        using (near)
        {
            try
            {
                near.NoDelay = true;
                using var far = await _client.ConnectPortAsync(_id, Remote, cancellationToken);
                await CarryAsync(near, far, cancellationToken);
            }
            catch (SandboxClientException exception)
            {
                StandardStreams.WriteErrorLine($"sandbox: port {Remote}: {exception.Text}");
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                // The caller on this machine went away, or this program ends.
            }
        }
    }

    /// <summary>Each way ends with the output of its own side; a failure of one ends both.</summary>
    private static async Task CarryAsync(Socket near, PortConnection far, CancellationToken cancellationToken)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (inwards, outwards) = (InwardsAsync(near, far, failed.Token), OutwardsAsync(near, far, failed.Token));
        try
        {
            await await Task.WhenAny(inwards, outwards);
            await Task.WhenAll(inwards, outwards);
        }
        finally
        {
            await failed.CancelAsync();
            await Task.WhenAll(inwards, outwards).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task OutwardsAsync(Socket near, PortConnection far, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        int count;
        while ((count = await far.ReadAsync(buffer, cancellationToken)) > 0)
        {
            for (var rest = buffer.AsMemory(0, count); !rest.IsEmpty;)
            {
                rest = rest[await near.SendAsync(rest, SocketFlags.None, cancellationToken)..];
            }
        }

        near.Shutdown(SocketShutdown.Send);
    }

    private static async Task InwardsAsync(Socket near, PortConnection far, CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[BufferBytes];
            int count;
            while ((count = await near.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)) > 0)
            {
                await far.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }

            await far.CompleteAsync(cancellationToken);
        }
        catch (SandboxClientException)
        {
            // The far end has ended; reading from it says why.
        }
    }
}
