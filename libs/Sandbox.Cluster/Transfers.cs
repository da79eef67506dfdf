using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Cluster;

/// <summary>Requests whose bodies go through a process and are never held in it.</summary>
public static class Transfers
{
    /// <summary>How they are forwarded. A stream may be silent for as long as its two ends are: only they end it.</summary>
    public static ForwarderRequestConfig Forwarding { get; } = new()
    {
        ActivityTimeout = Timeout.InfiniteTimeSpan,
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        AllowResponseBuffering = false,
    };

    /// <summary>Begins an answer of unknown length: a caller that opened a stream learns at once that it is open, not with its first
    /// message.</summary>
    /// <param name="answer">What is passed on.</param>
    public static async Task StartStreamAsync(this HttpContext http, HttpResponseMessage? answer, CancellationToken cancellationToken)
    {
        if (answer is { StatusCode: not HttpStatusCode.SwitchingProtocols, Content.Headers.ContentLength: null })
        {
            await http.Response.StartAsync(cancellationToken);
            await http.Response.BodyWriter.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Answers with text that nothing of ours wrote, piece by piece as it comes. What breaks off, also because this process
    /// ends, is cut hard: a reader must not take it for the end.</summary>
    /// <param name="stopping">When this process begins to end.</param>
    public static async Task SendTextAsync(
        this HttpContext http, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, CancellationToken stopping)
    {
        await using var ending = stopping.Register(http.Abort);
        http.LiftLimits();
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";

        // That the stream is open is told at once, not with its first piece.
        await http.Response.StartAsync(http.RequestAborted);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        try
        {
            await foreach (var piece in pieces.WithCancellation(http.RequestAborted))
            {
                await http.Response.BodyWriter.WriteAsync(piece, http.RequestAborted);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            http.Abort();
        }
    }

    /// <summary>From here on the reader and the writer of this request may be as slow as they like, and send as much.</summary>
    public static void LiftLimits(this HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } requestRate)
        {
            requestRate.MinDataRate = null;
        }

        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } responseRate)
        {
            responseRate.MinDataRate = null;
        }
    }
}
