using System.Buffers;
using Sandbox.Agent.Native;

namespace Sandbox.Agent.Processes;

/// <summary>Takes what was read; until it returns, the child's pipe is not read further. The bytes are valid until then only.</summary>
internal delegate ValueTask OutputSink(OutputKind kind, ReadOnlyMemory<byte> bytes);

/// <summary>
/// Reads all output of one child and hands it on as it comes. It is complete when nobody can write to it any more: a process
/// substitution or the end of a pipeline may have words left when the child itself has ended. A descendant that lives on in the
/// background may keep the pipes open for ever, though, so that the wait ends after two seconds without output (as with docker).
/// After that, what still comes is read on (to the sink), so that the descendant never blocks and never gets SIGPIPE.
/// </summary>
internal sealed class ChildOutput(ChildProcess child, OutputSink sink, TimeProvider time)
{
    private const int FirstBuffer = 4 * 1024;
    private const int LargestBuffer = 32 * 1024;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    private long _reads;
    private int _delivering;

    /// <summary>Disposes the child when nobody can write to it any more.</summary>
    /// <param name="enough">Ends the wait for what descendants may still print.</param>
    /// <returns>How the child ended, once its output is complete.</returns>
    internal async Task<ExitStatus> RunAsync(Task enough)
    {
        var pumps = Task.WhenAll(Sources().Select(source => PumpAsync(source.Kind, source.Stream)));
        _ = DisposeAfterAsync(pumps);
        var status = await child.Exited;
        while (!pumps.IsCompleted && !enough.IsCompleted)
        {
            var before = Interlocked.Read(ref _reads);
            using var sleep = new CancellationTokenSource();
            await Task.WhenAny(pumps, Task.Delay(Quiet, time, sleep.Token), enough);
            await sleep.CancelAsync();
            if (before == Interlocked.Read(ref _reads) && Volatile.Read(ref _delivering) == 0
                && Sources().All(source => IsEmpty(source.Stream)))
            {
                break;
            }
        }

        return status;
    }

    private IEnumerable<(OutputKind Kind, DescriptorStream Stream)> Sources() =>
        child.Terminal is { } terminal
            ? [(OutputKind.Terminal, terminal)]
            : [(OutputKind.Stdout, child.Stdout!), (OutputKind.Stderr, child.Stderr!)];

    private async Task PumpAsync(OutputKind kind, DescriptorStream source)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            int count;
            while ((count = await source.ReadAsync(buffer)) > 0)
            {
                Interlocked.Increment(ref _delivering);
                Interlocked.Increment(ref _reads);
                await sink(kind, buffer.AsMemory(0, count));
                Interlocked.Decrement(ref _delivering);
                if (count == buffer.Length && count < LargestBuffer)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(LargestBuffer);
                }
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // Our own end was closed: nobody wants the rest.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task DisposeAfterAsync(Task pumps)
    {
        await Task.WhenAll(pumps, child.Exited);
        child.Dispose();
    }

    private static bool IsEmpty(DescriptorStream stream)
    {
        try
        {
            return stream.Available == 0;
        }
        catch (Exception closed) when (closed is ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            return true;
        }
    }
}
