using System.Threading.Channels;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Client.Processes;

namespace Sandbox.Cli.Processes;

/// <summary>Carries standard input to a process. A thread of its own waits in the blocking read, which nothing can end
/// but input; it is a background thread, so the program does not wait for it.</summary>
internal sealed class InputPump(ProcessStream process)
{
    private const int PieceSize = 64 * 1024;

    // Few pieces: a process that reads slowly makes whoever writes to us wait.
    private readonly Channel<byte[]> _pieces = Channel.CreateBounded<byte[]>(4);

    /// <summary>Completes when the input has ended or the process takes no more.</summary>
    /// <param name="closeAtEnd">Whether the process shall see the end of the input; a terminal has none.</param>
    public async Task RunAsync(bool closeAtEnd, CancellationToken cancellationToken)
    {
        new Thread(ReadAll) { IsBackground = true, Name = "standard input" }.Start();
        try
        {
            await foreach (var piece in _pieces.Reader.ReadAllAsync(cancellationToken))
            {
                await process.SendInputAsync(piece, cancellationToken);
            }

            if (closeAtEnd)
            {
                await process.CloseStdinAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (exception is SandboxClientException or OperationCanceledException)
        {
            // The process closed its input or has ended; its end is told elsewhere.
        }
    }

    private void ReadAll()
    {
        var buffer = new byte[PieceSize];
        while (StandardStreams.HasInput && StandardStreams.Read(buffer) is var count and > 0)
        {
            var piece = buffer[..count];
            while (!_pieces.Writer.TryWrite(piece))
            {
                if (!_pieces.Writer.WaitToWriteAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
                {
                    return;
                }
            }
        }

        _pieces.Writer.TryComplete();
    }
}
