using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Sandbox.Api.Http;

namespace Sandbox.Api.Files;

/// <summary>The body of <c>write_file</c> as the agent reads it, around a text that is JSON already.</summary>
internal sealed class WriteFileContent : HttpContent, IRepeatableContent
{
    private readonly byte[] _before;
    private readonly ReadOnlySequence<byte> _content;

    public WriteFileContent(string path, ReadOnlySequence<byte> content)
    {
        var before = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(before))
        {
            writer.WriteStartObject();
            writer.WriteString("path", path);
            writer.WritePropertyName("content");
            writer.Flush();
            _before = before.WrittenSpan.ToArray();
        }

        _content = content;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_before, cancellationToken);
        foreach (var piece in _content)
        {
            await stream.WriteAsync(piece, cancellationToken);
        }

        await stream.WriteAsync("}"u8.ToArray(), cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _before.Length + _content.Length + 1;
        return true;
    }
}
