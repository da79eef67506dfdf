using System.Net.Http.Headers;
using System.Text.Json;
using Sandbox.Contracts.Cluster;
using Sandbox.Node.Leases;
using Sandbox.Worker.Head;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Worker.Status;

/// <summary>The API through the head: a client that knows the head needs no other address. A node that is not the head says
/// which one is.</summary>
internal sealed class HeadApiProxy(
    ApiAuthorizationClient api, IHttpForwarder forwarder, ILeaderLease lease, NodeRegistration registration, NodeRole role)
{
    /// <summary>Streams may be silent for long.</summary>
    private static readonly ForwarderRequestConfig Patient = new() { ActivityTimeout = TimeSpan.FromHours(1) };

    public async Task HandleAsync(HttpContext http)
    {
        if (lease.Current is null)
        {
            var head = role.Head;
            http.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            http.Response.ContentType = "application/json";
            var answer = new RoleAnswer(registration.Node, HeadAnswer.Worker, head?.LeaseVersion ?? 0, head?.HeadHost, head?.HeadPort);
            await JsonSerializer.SerializeAsync(http.Response.Body, answer, HeadJson.Default.RoleAnswer, http.RequestAborted);
            return;
        }

        if (!await api.IsGuardedAsync(http.RequestAborted))
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        await forwarder.SendAsync(
            http, api.Address.GetLeftPart(UriPartial.Authority), api.Http, Patient, Transformer.Instance, http.RequestAborted);
    }

    /// <summary>Says that the caller is not this process: an API without keys lets this machine's programs in, and strangers behind them it
    /// must not.</summary>
    private sealed class Transformer : HttpTransformer
    {
        public static Transformer Instance { get; } = new();

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Via.Add(new ViaHeaderValue("1.1", "sandbox-node"));
        }
    }
}
