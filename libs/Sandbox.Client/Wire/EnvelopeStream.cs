using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Contracts.Envd;

namespace Sandbox.Client.Wire;

/// <summary>
/// The messages of a Connect server stream, read one by one as the consumer asks for them: a slow reader makes the
/// sandbox write slowly. Holds one message at a time.
/// </summary>
internal sealed class EnvelopeStream<T>(HttpResponseMessage answer, Stream body, JsonTypeInfo<T> type, ServerConnection server)
    : IAsyncDisposable
    where T : class
{
    private readonly byte[] _header = new byte[EnvelopeStream.HeaderSize];
    private byte[] _message = [];

    public async IAsyncEnumerable<T> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReadAsync(cancellationToken) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>The next message; null after the orderly end.</summary>
    public async Task<T?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await body.ReadExactlyAsync(_header, cancellationToken);
            var length = BinaryPrimitives.ReadUInt32BigEndian(_header.AsSpan(1));
            if (length > EnvelopeStream.MaxMessage || (_header[0] & EnvelopeStream.Compressed) != 0)
            {
                throw EnvdCalls.BadAnswer(null);
            }

            if (_message.Length < length)
            {
                _message = new byte[length];
            }

            var payload = _message.AsMemory(0, (int)length);
            await body.ReadExactlyAsync(payload, cancellationToken);
            return Decode(payload.Span);
        }
        catch (JsonException exception)
        {
            throw EnvdCalls.BadAnswer(exception);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            throw exception is EndOfStreamException
                ? new SandboxClientException(
                    "unavailable", "The connection to the sandbox ended before its answer was complete.", exception)
                : server.Unreachable(exception);
        }
    }

    public ValueTask DisposeAsync()
    {
        answer.Dispose();
        return ValueTask.CompletedTask;
    }

    private T? Decode(ReadOnlySpan<byte> payload)
    {
        if ((_header[0] & EnvelopeStream.End) == 0)
        {
            return JsonSerializer.Deserialize(payload, type) ?? throw EnvdCalls.BadAnswer(null);
        }

        var end = JsonSerializer.Deserialize(payload, EnvdJson.Default.EndOfStream);
        return end?.Error is { } error ? throw new SandboxClientException(error.Code, error.Message) : null;
    }
}

/// <summary>The framing: one byte of flags, four of big-endian length, then the message.</summary>
internal static class EnvelopeStream
{
    public const int HeaderSize = 5;

    /// <summary>Bytes; far above what a sandbox sends in one message.</summary>
    public const int MaxMessage = 16 * 1024 * 1024;

    public const byte Compressed = 1;
    public const byte End = 2;

    public static byte[] Frame(byte[] message)
    {
        var framed = new byte[HeaderSize + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(framed.AsSpan(1), (uint)message.Length);
        message.CopyTo(framed, HeaderSize);
        return framed;
    }
}
