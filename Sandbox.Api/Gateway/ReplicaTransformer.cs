using System.Net;
using System.Net.Http.Headers;
using Microsoft.Net.Http.Headers;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Routing;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Gateway;

/// <summary>Sends a request to one replica as it came but for whose key it has, and its answer back.</summary>
/// <param name="key">What the engine asks for; null for nothing.</param>
/// <param name="mayRetry">Whether there is another replica for an answer that says that this one cannot now.</param>
internal sealed class ReplicaTransformer(Replica replica, Secret? key, RequestProgress progress, bool mayRetry) : HttpTransformer
{
    /// <summary>The replica said that it cannot now, and its answer was not passed on.</summary>
    public bool IsDeclined { get; private set; }

    /// <summary>Of the engine's answer; null: there was none.</summary>
    public HttpStatusCode? Status { get; private set; }

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        ReplicaConnections.Address(proxyRequest, replica, $"{httpContext.Request.Path}{httpContext.Request.QueryString}");

        // As it is written, so that its usage can be read.
        proxyRequest.Headers.Remove(HeaderNames.AcceptEncoding);
        proxyRequest.Headers.ExpectContinue = null;
        if (key is not null)
        {
            proxyRequest.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Reveal());
        }
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        Status = proxyResponse?.StatusCode;
        if (mayRetry && Status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable)
        {
            IsDeclined = true;
            return false;
        }

        var goesOn = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        httpContext.Response.Headers.Remove(HeaderNames.SetCookie);
        httpContext.Response.Headers.Remove(HeaderNames.Server);
        httpContext.Response.Headers.XContentTypeOptions = "nosniff";
        proxyResponse?.Content = new ObservedContent(proxyResponse.Content, progress);
        return goesOn;
    }
}
