using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Sandbox.Api.Http;

/// <summary>Reads whole bodies. What one holds is counted as it arrives (<see cref="BufferBudget"/>), and its time is bounded.</summary>
internal sealed class BodyBuffer(BufferBudget budget, TimeProvider time)
{
    /// <summary>How long a body may take to arrive: as long as it does, what has arrived of it is held.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>A body, which stays in the reader of the request until that is advanced behind its end; or why it was not read.</summary>
    /// <param name="limit">The most bytes that it may have.</param>
    public async Task<(ReadOnlySequence<byte> Body, BodyProblem? Problem)> ReadAsync(HttpContext http, int limit)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            // The limit is ours, so that its answer has the form of the API that was asked.
            size.MaxRequestBodySize = null;
        }

        if (http.Request.ContentLength > limit)
        {
            return (default, BodyProblem.TooLarge);
        }

        var reserved = new BufferReservation(budget, http);
        if (http.Request.ContentLength is { } stated && !await reserved.TryReachAsync(stated, http.RequestAborted))
        {
            return (default, BodyProblem.Overloaded);
        }

        // Most bodies are here already, and need no clock.
        if (http.Request.BodyReader.TryRead(out var first))
        {
            if (first.IsCompleted && first.Buffer.Length <= limit
                && await FitsAsync(http, first.Buffer, reserved, http.RequestAborted))
            {
                return (first.Buffer, null);
            }

            http.Request.BodyReader.AdvanceTo(first.Buffer.Start);
        }

        using var late = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        try
        {
            return await ReadAsync(http, limit, reserved, either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            return (default, BodyProblem.TooSlow);
        }
    }

    private static async Task<(ReadOnlySequence<byte> Body, BodyProblem? Problem)> ReadAsync(
        HttpContext http, int limit, BufferReservation reserved, CancellationToken cancellationToken)
    {
        var reader = http.Request.BodyReader;
        while (true)
        {
            var part = await reader.ReadAsync(cancellationToken);
            if (part.Buffer.Length > limit)
            {
                reader.AdvanceTo(part.Buffer.End);
                return (default, BodyProblem.TooLarge);
            }

            if (!await FitsAsync(http, part.Buffer, reserved, cancellationToken))
            {
                reader.AdvanceTo(part.Buffer.End);
                return (default, BodyProblem.Overloaded);
            }

            if (part.IsCompleted)
            {
                return (part.Buffer, null);
            }

            reader.AdvanceTo(part.Buffer.Start, part.Buffer.End);
        }
    }

    /// <summary>Whether there is room for what was read. A caller that leaves meanwhile must not leave its connection within a
    /// read.</summary>
    private static async ValueTask<bool> FitsAsync(
        HttpContext http, ReadOnlySequence<byte> body, BufferReservation reserved, CancellationToken cancellationToken)
    {
        try
        {
            return await reserved.TryReachAsync(body.Length, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            http.Request.BodyReader.AdvanceTo(body.End);
            throw;
        }
    }
}
