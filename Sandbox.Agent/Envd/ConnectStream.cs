using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>
/// A server stream of the Connect protocol in JSON: one envelope in (flags, length, JSON), envelopes out, each flushed,
/// and a last one with flag 2 that carries the error, if any. The HTTP status is always 200.
/// </summary>
internal sealed class ConnectStream(HttpContext context)
{
    private const int LargestRequest = 4 * 1024 * 1024;
    private const string ContentType = "application/connect+json";
    private static readonly TimeSpan DefaultKeepalive = TimeSpan.FromSeconds(90);

    /// <summary>How long the stream may be silent before a keepalive is due.</summary>
    internal TimeSpan Keepalive { get; } =
        int.TryParse(context.Request.Headers["Keepalive-Ping-Interval"], out var seconds) && seconds is > 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : DefaultKeepalive;

    /// <summary>The client's own limit; null: none.</summary>
    internal TimeSpan? Timeout { get; } =
        long.TryParse(context.Request.Headers["Connect-Timeout-Ms"], out var milliseconds) && milliseconds is > 0 and <= int.MaxValue
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    /// <summary>Answers 415 or an error envelope itself when there is no such request, and gives null.</summary>
    internal async Task<T?> ReadRequestAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        if (context.Request.ContentType?.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) != true)
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return null;
        }

        var request = await TryReadAsync(type);
        if (request is null)
        {
            await EndAsync(ConnectErrors.InvalidArgument("The body is not one uncompressed envelope with the JSON of this request."));
        }

        return request;
    }

    internal async ValueTask WriteAsync<T>(T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        await WriteEnvelopeAsync(0, JsonSerializer.SerializeToUtf8Bytes(message, type), cancellationToken);

    /// <summary>Writes what already is the JSON of a message behind the <see cref="ConnectEnvelope.HeaderSize"/> bytes that are left free
    /// for the header.</summary>
    internal ValueTask WritePreparedAsync(Memory<byte> envelope, CancellationToken cancellationToken)
    {
        ConnectEnvelope.WriteHeader(envelope.Span, 0, envelope.Length - ConnectEnvelope.HeaderSize);
        return SendAsync(envelope, cancellationToken);
    }

    internal async ValueTask EndAsync(ConnectError? error) =>
        await WriteEnvelopeAsync(
            ConnectEnvelope.End, JsonSerializer.SerializeToUtf8Bytes(new EndOfStream(error), EnvdJson.Default.EndOfStream),
            context.RequestAborted);

    private async Task<T?> TryReadAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        var header = new byte[ConnectEnvelope.HeaderSize];
        var body = context.Request.Body;
        if (await body.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, context.RequestAborted) < header.Length)
        {
            return null;
        }

        var length = ConnectEnvelope.LengthOf(header);
        if (header[0] != 0 || length > LargestRequest)
        {
            return null;
        }

        var json = new byte[length];
        if (await body.ReadAtLeastAsync(json, json.Length, throwOnEndOfStream: false, context.RequestAborted) < json.Length)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async ValueTask WriteEnvelopeAsync(byte flag, byte[] json, CancellationToken cancellationToken)
    {
        var envelope = ArrayPool<byte>.Shared.Rent(ConnectEnvelope.HeaderSize + json.Length);
        try
        {
            ConnectEnvelope.WriteHeader(envelope, flag, json.Length);
            json.CopyTo(envelope, ConnectEnvelope.HeaderSize);
            await SendAsync(envelope.AsMemory(0, ConnectEnvelope.HeaderSize + json.Length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(envelope);
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> envelope, CancellationToken cancellationToken)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = ContentType;
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        }

        await context.Response.Body.WriteAsync(envelope, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
