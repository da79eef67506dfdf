using System.Net;
using Sandbox.Cluster;
using Sandbox.Serving.OpenAi;

namespace Sandbox.Api.Gateway;

/// <summary>An engine's answer that is looked at while it passes by unchanged. A stream of events that breaks off ends with an event that
/// says so, where a connection that is cut would tell its reader nothing.</summary>
internal sealed class ObservedContent : HttpContent
{
    private static readonly byte[] Broken = [.. "\n\n"u8, .. new OpenAiError(
        StatusCodes.Status502BadGateway, "engine_failed", "The engine broke off in the middle of its answer.").ToEvent()];

    private readonly HttpContent _answer;
    private readonly RequestProgress _progress;
    private readonly bool _isEventStream;

    public ObservedContent(HttpContent answer, RequestProgress progress)
    {
        (_answer, _progress) = (answer, progress);
        _isEventStream = answer.Headers.ContentType?.MediaType is "text/event-stream";
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() =>
        new ObservedStream(await _answer.ReadAsStreamAsync(), _progress, _isEventStream);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new ObservedStream(await _answer.ReadAsStreamAsync(cancellationToken), _progress, _isEventStream);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await using var answer = await CreateContentReadStreamAsync();
        await answer.CopyToAsync(stream);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _answer.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class ObservedStream(Stream answer, RequestProgress progress, bool isEventStream) : ReadingStream
    {
        /// <summary>What is left to say of a stream that broke off.</summary>
        private ReadOnlyMemory<byte>? _last;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_last is null)
            {
                try
                {
                    // A read into nothing waits for the next bytes, so that a stream that is silent holds no memory.
                    var read = await answer.ReadAsync(buffer, cancellationToken);
                    if (read > 0)
                    {
                        progress.Pass(buffer.Span[..read], isEventStream);
                    }

                    return read;
                }
                catch (IOException) when (isEventStream && progress.TimeToFirstByte is not null)
                {
                    (progress.IsBroken, _last) = (true, Broken);
                }
            }

            var left = _last.Value;
            var taken = Math.Min(left.Length, buffer.Length);
            left[..taken].CopyTo(buffer);
            _last = left[taken..];
            return taken;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                answer.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
