using System.Buffers;
using System.IO.Pipelines;
using Sandbox.Api.Http;

namespace Sandbox.Api.Agents;

/// <summary>The JSON of an agent's answer in pieces of rented memory, bounded by its content and counted by the
/// <see cref="BufferBudget"/>; dispose it when it is no longer looked at.</summary>
internal sealed class AnswerBuffer : IDisposable
{
    private const int PieceSize = 16 * 1024;

    /// <summary>For the members around the content.</summary>
    private const int Frame = 64 * 1024;

    private static readonly PipeOptions Unbounded =
        new(pauseWriterThreshold: 0, minimumSegmentSize: PieceSize, useSynchronizationContext: false);

    private readonly Pipe _pipe = new(Unbounded);

    public ReadOnlySequence<byte> Json { get; private set; }

    /// <param name="limit">Bytes of content, before it was written as JSON.</param>
    /// <exception cref="System.Text.Json.JsonException">It is no text in Unicode.</exception>
    public async Task<AnswerReading> ReadAsync(Stream answer, long limit, BufferReservation reserved, CancellationToken cancellationToken)
    {
        var filter = new JsonTextFilter(_pipe.Writer);
        var piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            while (await answer.ReadAsync(piece, cancellationToken) is > 0 and var read)
            {
                filter.Append(piece.AsSpan(0, read));
                if (filter.Content > limit + Frame)
                {
                    return AnswerReading.TooLarge;
                }

                if (!await reserved.TryReachAsync(filter.Written, cancellationToken))
                {
                    return AnswerReading.NoRoom;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        filter.End();
        await _pipe.Writer.FlushAsync(cancellationToken);
        Json = _pipe.Reader.TryRead(out var whole) ? whole.Buffer : default;
        return AnswerReading.Whole;
    }

    public void Dispose()
    {
        _pipe.Reader.Complete();
        _pipe.Writer.Complete();
    }
}
