using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Sandbox.Worker.Tests.Agents;

/// <summary>An HTTP server that dials out, as the agent does, with answers of a test's choice.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeAgent(WebApplication app) => _app = app;

    public static async Task<FakeAgent> StartAsync(string socketFile, RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(new DialledEndPoint(socketFile)));
        builder.Services.AddSingleton<IConnectionListenerFactory, DialledFactory>();
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return new FakeAgent(app);
    }

    /// <summary>Dies with all its connections, at once.</summary>
    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private sealed class DialledEndPoint(string socketFile) : EndPoint
    {
        public string SocketFile { get; } = socketFile;
    }

    private sealed class DialledFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
    {
        public bool CanBind(EndPoint endpoint) => endpoint is DialledEndPoint;

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<IConnectionListener>(new Dialler((DialledEndPoint)endpoint));
    }

    private sealed class Dialler : IConnectionListener
    {
        private const int Spare = 4;

        private readonly DialledEndPoint _endPoint;
        private readonly System.Threading.Channels.Channel<Socket> _spoken = System.Threading.Channels.Channel.CreateUnbounded<Socket>();
        private readonly CancellationTokenSource _unbound = new();
        private readonly SocketConnectionContextFactory _contexts = new(new SocketConnectionFactoryOptions(), NullLogger.Instance);

        public Dialler(DialledEndPoint endPoint)
        {
            _endPoint = endPoint;
            for (var i = 0; i < Spare; i++)
            {
                _ = DialAsync();
            }
        }

        public EndPoint EndPoint => _endPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                return _contexts.Create(await _spoken.Reader.ReadAsync(_unbound.Token));
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default) => await _unbound.CancelAsync();

        public ValueTask DisposeAsync() => UnbindAsync();

        private async Task DialAsync()
        {
            while (!_unbound.IsCancellationRequested)
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(_endPoint.SocketFile), _unbound.Token);
                    await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, _unbound.Token);
                    if (socket.Available > 0)
                    {
                        _spoken.Writer.TryWrite(socket);
                        continue;
                    }
                }
                catch (Exception exception) when (exception is SocketException or OperationCanceledException)
                {
                    // No owner: try again below.
                }

                socket.Dispose();
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
            }
        }
    }
}
