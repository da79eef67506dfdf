using System.Net;

namespace Sandbox.Api.Files;

/// <summary>Content that is copied from a stream while it is sent, and that says when it looks at the stream no more.</summary>
internal sealed class PassingFile(Stream source, CancellationToken stopped) : HttpContent
{
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;

    /// <summary>Completes when nothing reads the source any more (at once when nothing ever did and nothing will).</summary>
    public Task Finished => Interlocked.Exchange(ref _begun, 1) == 0 ? Task.CompletedTask : _finished.Task;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _begun, 1) != 0)
        {
            throw new InvalidOperationException("A passing file can be sent once.");
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopped, cancellationToken);
            await source.CopyToAsync(stream, either.Token);
        }
        finally
        {
            _finished.SetResult();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
