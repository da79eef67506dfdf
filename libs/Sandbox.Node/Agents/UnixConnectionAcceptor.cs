using System.Net.Sockets;

namespace Sandbox.Node.Agents;

/// <summary>A Unix socket of its own for one agent: nothing else can reach it, so nothing has to be shown.</summary>
internal sealed class UnixConnectionAcceptor : IConnectionAcceptor
{
    private const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Socket _listener;

    private UnixConnectionAcceptor(Socket listener) => _listener = listener;

    public static UnixConnectionAcceptor Open(string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        Directory.CreateDirectory(folder, OwnerFolder);
        File.SetUnixFileMode(folder, OwnerFolder);
        File.Delete(file);

        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(file));
            File.SetUnixFileMode(file, OwnerFile);

            // The folder may have been given to the user of this machine that root is in the container.
            FileOwner.Of(folder).ApplyTo(file);
            listener.Listen(ListeningTransport.MaxIdle);
            return new UnixConnectionAcceptor(listener);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    public ValueTask<Socket> NextAsync(CancellationToken cancellationToken) => _listener.AcceptAsync(cancellationToken);

    public void Dispose() => _listener.Dispose();
}
