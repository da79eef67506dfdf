using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sandbox.Cluster;

/// <summary>A connection that carries bytes both ways and nothing else, made by an upgrade of HTTP to <c>tcp</c>: how an agent opens a port
/// of its sandbox. YARP forwards upgrades to WebSockets only.</summary>
public static class BareConnection
{
    private const string Protocol = "tcp";

    /// <returns>With 101 its content is the connection; else what was answered instead.</returns>
    /// <exception cref="HttpRequestException">The other end cannot be reached.</exception>
    public static async Task<HttpResponseMessage> AskAsync(HttpMessageInvoker invoker, string address, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Version = HttpVersion.Version11 };
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new ProductHeaderValue(Protocol));
        return await invoker.SendAsync(request, cancellationToken);
    }

    public static bool IsAsked(HttpContext http, [NotNullWhen(true)] out IHttpUpgradeFeature? upgrade)
    {
        upgrade = http.Features.Get<IHttpUpgradeFeature>();
        return upgrade is { IsUpgradableRequest: true }
            && http.Request.Headers.Upgrade.ToString().Equals(Protocol, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Opens one to the address and joins it to the one that is asked for, until either ends.</summary>
    /// <exception cref="HttpRequestException">The other end cannot be reached.</exception>
    public static async Task JoinAsync(HttpContext http, IHttpUpgradeFeature upgrade, HttpMessageInvoker invoker, string address)
    {
        using var answer = await AskAsync(invoker, address, http.RequestAborted);
        if (answer.StatusCode is not HttpStatusCode.SwitchingProtocols)
        {
            http.Response.StatusCode = (int)answer.StatusCode;
            return;
        }

        http.Response.Headers.Upgrade = Protocol;
        http.Response.Headers.Connection = "Upgrade";
        await using var inside = await answer.Content.ReadAsStreamAsync(http.RequestAborted);
        await using var outside = await upgrade.UpgradeAsync();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        Task[] ways = [CopyAsync(outside, inside, ended), CopyAsync(inside, outside, ended)];
        await Task.WhenAll(ways);
    }

    /// <summary>The end of one way ends the other: who asked for the connection never sends a part of it alone.</summary>
    private static async Task CopyAsync(Stream from, Stream to, CancellationTokenSource ended)
    {
        try
        {
            await from.CopyToAsync(to, ended.Token);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // One of the two ends is gone.
        }

        await ended.CancelAsync();
    }
}
