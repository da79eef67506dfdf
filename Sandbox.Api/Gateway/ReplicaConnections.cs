using System.Net;
using Sandbox.Api.Http;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Gateway;

/// <summary>HTTP to replicas, over connections that are used again for the same replica.</summary>
internal sealed class ReplicaConnections : IDisposable
{
    /// <summary>Shorter than the shortest of the engines', which is five seconds: one that the engine has closed meanwhile costs a second
    /// try.</summary>
    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    private static readonly HttpRequestOptionsKey<Replica> Destination = new("replica");

    private readonly IReplicaConnector _connector;

    public ReplicaConnections(IReplicaConnector connector)
    {
        _connector = connector;
        Invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            PooledConnectionIdleTimeout = IdleFor,
            ConnectTimeout = ConnectLimit,
            ConnectCallback = ConnectAsync,
        });
    }

    public HttpMessageInvoker Invoker { get; }

    /// <param name="target">Path and query.</param>
    public static void Address(HttpRequestMessage request, Replica replica, string target)
    {
        request.Options.Set(Destination, replica);

        // Replicas may have the same address, each in its own sandbox.
        var name = ConnectionName.Of($"{replica.Id} {replica.Address}");
        request.RequestUri = new Uri($"http://{name}:{replica.Address.Port}{target}");
        request.Headers.Host = replica.Address.Authority;
    }

    /// <summary>Whether a request failed because nobody listens there.</summary>
    public static bool IsRefused(Exception? failure) =>
        failure is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };

    public void Dispose() => Invoker.Dispose();

    private ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken) =>
        context.InitialRequestMessage.Options.TryGetValue(Destination, out var replica)
            ? _connector.ConnectAsync(replica, cancellationToken)
            : throw new InvalidOperationException("A request goes to a replica only as ReplicaConnections.Address addresses it.");
}
