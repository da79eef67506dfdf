using System.Globalization;
using System.Net;
using Sandbox.Api.Http;
using Sandbox.Cluster;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Ports;

/// <summary>
/// HTTP to programs inside sandboxes: a connection is a tunnel through the sandbox's agent to a port of its loopback, and is used
/// again for the same port of the same sandbox. Each request comes with the call that its caller was allowed to make.
/// </summary>
internal sealed class PortConnections : IDisposable
{
    /// <summary>A connection that is not used holds a tunnel, through which its sandbox counts as used.</summary>
    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(15);

    /// <summary>A little longer than the agent tries.</summary>
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    /// <summary>To one port of one sandbox at once; more wait for one of these.</summary>
    private const int MostToOne = 1024;

    private static readonly HttpRequestOptionsKey<(AgentCall Agent, int Port)> Destination = new("sandbox port");

    public PortConnections() => Invoker = new HttpMessageInvoker(new SocketsHttpHandler
    {
        // Whatever the program inside says is the caller's to follow, not ours.
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        EnableMultipleHttp2Connections = false,
        MaxConnectionsPerServer = MostToOne,
        PooledConnectionIdleTimeout = IdleFor,
        ConnectTimeout = ConnectLimit,
        ConnectCallback = ConnectAsync,
    });

    public HttpMessageInvoker Invoker { get; }

    /// <summary>Addresses a request. Connections are kept apart by the sandbox's name.</summary>
    /// <param name="agent">Opened for the caller of this request.</param>
    public static void Address(HttpRequestMessage request, SandboxId sandbox, AgentCall agent, TargetPort target)
    {
        request.Options.Set(Destination, (agent, target.Port));
        request.RequestUri = new Uri(
            $"http://{ConnectionName.Of(sandbox.ToString())}:{target.Port}{target.Target}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
    }

    /// <summary>A tunnel of its own to a port of a sandbox's loopback.</summary>
    /// <exception cref="PortClosedException">Nothing listens there.</exception>
    /// <exception cref="HttpRequestException">The agent gives none.</exception>
    /// <exception cref="AgentCallException">The agent is not reached.</exception>
    public static async Task<Stream> OpenAsync(AgentCall agent, int port, CancellationToken cancellationToken)
    {
        var address = agent.BaseAddress.AbsoluteUri.TrimEnd('/') + AgentRoutes.Rock + "/portforward?port="
            + port.ToString(CultureInfo.InvariantCulture);
        var answer = await BareConnection.AskAsync(agent.Invoker, address, cancellationToken);
        if (answer.StatusCode is HttpStatusCode.SwitchingProtocols)
        {
            return await answer.Content.ReadAsStreamAsync(cancellationToken);
        }

        var status = answer.StatusCode;
        answer.Dispose();
        throw status is HttpStatusCode.BadGateway
            ? new PortClosedException(port)
            : new HttpRequestException($"the agent answered {(int)status} instead of a connection");
    }

    public void Dispose() => Invoker.Dispose();

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken) =>
        context.InitialRequestMessage.Options.TryGetValue(Destination, out var destination)
            ? await OpenAsync(destination.Agent, destination.Port, cancellationToken)
            : throw new InvalidOperationException("A request goes to a sandbox only as PortConnections.Address addresses it.");
}
