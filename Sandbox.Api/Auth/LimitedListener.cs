using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Sandbox.Api.Auth;

/// <summary>A listener that closes at once what comes from an address that has as many connections as it may.</summary>
internal sealed class LimitedListener(IConnectionListener listener, AddressConnectionLimiter limiter) : IConnectionListener
{
    public EndPoint EndPoint => listener.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await listener.AcceptAsync(cancellationToken) is { } connection)
        {
            if (limiter.TryCount(connection))
            {
                return connection;
            }

            connection.Abort(new ConnectionAbortedException("its address has as many connections as it may"));
            await connection.DisposeAsync();
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => listener.DisposeAsync();
}
