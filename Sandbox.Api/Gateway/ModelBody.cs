using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Sandbox.Api.Http;
using Sandbox.Serving.OpenAi;

namespace Sandbox.Api.Gateway;

/// <summary>Reads the bodies of requests to models, each of which is held until its answer has begun.</summary>
internal sealed class ModelBody(BufferBudget budget, IOptions<GatewayOptions> options, TimeProvider time)
{
    private static readonly OpenAiError NotJson = new(
        StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "The body must be of type application/json.");

    private static readonly OpenAiError Overloaded = new(
        StatusCodes.Status503ServiceUnavailable, "overloaded", "The server holds as many bodies as it can.", TimeSpan.FromSeconds(1));

    private static readonly OpenAiError TooSlow = new(
        StatusCodes.Status408RequestTimeout, "request_timeout",
        $"The body did not arrive within {BodyBuffer.Longest.TotalMinutes:0} min.");

    private readonly int _limit = options.Value.MaxBody;

    /// <returns>The body, or why it is refused; and what counts it until it is disposed.</returns>
    /// <exception cref="BadHttpRequestException">The client sends it too slowly, or not as HTTP has it.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async Task<(byte[] Body, OpenAiError? Refusal, IDisposable? Held)> ReadAsync(HttpContext http)
    {
        if (!JsonMediaType.Is(http.Request.ContentType))
        {
            return ([], NotJson, null);
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            // The limit is ours, so that its answer has the form that the client reads.
            size.MaxRequestBodySize = null;
        }

        // One that does not say how large it is may become as large as any.
        var length = http.Request.ContentLength ?? _limit;
        if (length > _limit)
        {
            return ([], TooLarge(), null);
        }

        IDisposable? held = null;
        if (length > BufferBudget.Free && (held = await budget.HoldAsync(http, length, http.RequestAborted)) is null)
        {
            return ([], Overloaded, null);
        }

        using var late = new CancellationTokenSource(BodyBuffer.Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        try
        {
            using var read = await BoundedBody.ReadAsync(http.Request.Body, _limit, either.Token);

            // Its own memory: what is still being sent to an engine must never be another request's.
            return read is null ? ([], TooLarge(), held) : (read.Bytes.ToArray(), null, held);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            return ([], TooSlow, held);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    private OpenAiError TooLarge() => new(
        StatusCodes.Status413PayloadTooLarge, "body_too_large", $"The body may have {_limit} bytes (Gateway:MaxBody).");
}
