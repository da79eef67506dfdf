using System.Buffers;
using System.Buffers.Text;
using Sandbox.Agent.Native;
using Sandbox.Agent.Processes;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>What one reader of a process sees: start, data as it comes, keepalives in silence, end, end of stream.</summary>
internal sealed class ProcessStream(ConnectStream stream, SandboxProcess process, OutputReader reader, TimeProvider time)
{
    private static readonly byte[] Tail = "\"}}}"u8.ToArray();
    private static readonly ProcessMessage KeepaliveMessage = new(new ProcessEvent { Keepalive = new Keepalive() });

    /// <returns>True: the end was written.</returns>
    internal async Task<bool> RunAsync(CancellationToken clientGone)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(clientGone, reader.CutOffToken);
        await SendAsync(new ProcessEvent { Start = new ProcessStarted((uint)process.Pid) }, either.Token);
        do
        {
            while (reader.TryRead(out var kind, out var bytes))
            {
                await SendDataAsync(kind, bytes, either.Token);
            }
        }
        while (await WaitAsync(either.Token));

        var end = await process.Ended.WaitAsync(either.Token);
        await SendAsync(new ProcessEvent { End = Describe(end) }, either.Token);
        await stream.EndAsync(null);
        return true;
    }

    private static ProcessEnded Describe(ProcessExit end)
    {
        var bySignal = end.Status.Signal != 0;
        var status = bySignal ? $"signal: {Signals.Describe(end.Status.Signal)}" : $"exit status {end.Status.Code}";
        var error = bySignal || end.Status.Code != 0 ? status : null;
        return new ProcessEnded(
            bySignal ? -1 : end.Status.Code, !bySignal, status, end.KilledBecause is null ? error : $"{status} ({end.KilledBecause})");
    }

    /// <returns>False when all has been read and no more will come.</returns>
    private async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using var silence = new CancellationTokenSource(stream.Keepalive, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
            try
            {
                return await reader.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                await stream.WriteAsync(KeepaliveMessage, EnvdJson.Default.ProcessMessage, cancellationToken);
            }
        }
    }

    private ValueTask SendAsync(ProcessEvent message, CancellationToken cancellationToken) =>
        stream.WriteAsync(new ProcessMessage(message), EnvdJson.Default.ProcessMessage, cancellationToken);

    // The bulk of all traffic: written without the serializer, straight from the log's bytes.
    private async ValueTask SendDataAsync(OutputKind kind, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var envelope = ArrayPool<byte>.Shared.Rent(64 + Base64.GetMaxEncodedToUtf8Length(bytes.Length));
        try
        {
            var length = Write(envelope, kind, bytes.Span);
            await stream.WritePreparedAsync(envelope.AsMemory(0, length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(envelope);
        }
    }

    private static int Write(Span<byte> envelope, OutputKind kind, ReadOnlySpan<byte> bytes)
    {
        var head = kind switch
        {
            OutputKind.Stdout => "{\"event\":{\"data\":{\"stdout\":\""u8,
            OutputKind.Stderr => "{\"event\":{\"data\":{\"stderr\":\""u8,
            _ => "{\"event\":{\"data\":{\"pty\":\""u8,
        };
        var at = ConnectEnvelope.HeaderSize;
        head.CopyTo(envelope[at..]);
        at += head.Length;
        _ = Base64.EncodeToUtf8(bytes, envelope[at..], out _, out var encoded);
        at += encoded;
        Tail.CopyTo(envelope[at..]);
        return at + Tail.Length;
    }
}
