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
    /// <summary>Bytes; far above what a sandbox sends in one message.</summary>
    private const int MaxMessage = 16 * 1024 * 1024;

    private readonly byte[] _header = new byte[ConnectEnvelope.HeaderSize];
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
            var length = ConnectEnvelope.LengthOf(_header);
            if (length > MaxMessage || (_header[0] & ConnectEnvelope.Compressed) != 0)
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
        if ((_header[0] & ConnectEnvelope.End) == 0)
        {
            return JsonSerializer.Deserialize(payload, type) ?? throw EnvdCalls.BadAnswer(null);
        }

        var end = JsonSerializer.Deserialize(payload, EnvdJson.Default.EndOfStream);
        return end?.Error is { } error ? throw new SandboxClientException(error.Code, error.Message) : null;
    }
}
