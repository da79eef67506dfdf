using System.Runtime.InteropServices;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Client.Processes;
using Sandbox.Contracts.Envd;

namespace Sandbox.Cli.Processes;

/// <summary>Makes a process inside a sandbox look like one that was started here: its streams, its signals, its exit code.</summary>
internal sealed class ProcessRelay(ProcessStream process, string sandboxId, IProcessOutput output, Interrupts interrupts, TimeProvider time)
    : IDisposable
{
    /// <summary>Between the polite end of a command that took too long and the other one.</summary>
    private static readonly TimeSpan KillDelay = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _abandoned = new();
    private int _asked;
    private bool _timedOut;

    /// <param name="withInput">Whether the process was started with a standard input, which is ours then.</param>
    /// <returns>The exit code as a shell would see it.</returns>
    public async Task<int> RunAsync(TimeSpan? limit, bool withInput, CancellationToken cancellationToken)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _abandoned.Token);
        using var signals = interrupts.TakeOver(OnSignal);
        _ = withInput ? new InputPump(process).RunAsync(closeAtEnd: true, all.Token) : Task.CompletedTask;
        _ = limit is { } most ? EndAfterAsync(most, all.Token) : Task.CompletedTask;
        try
        {
            output.Started(sandboxId, process.Pid);
            var exitCode = await CopyOutputAsync(all.Token);
            output.Ended(sandboxId, exitCode, _timedOut);
            return exitCode;
        }
        catch (BrokenPipeException)
        {
            await SendAsync(ProcessSignal.SIGNAL_SIGKILL, cancellationToken);
            return ExitCodes.BrokenPipe;
        }
        catch (OperationCanceledException) when (_abandoned.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        finally
        {
            await all.CancelAsync();
        }
    }

    public void Dispose() => _abandoned.Dispose();

    private async Task<int> CopyOutputAsync(CancellationToken cancellationToken)
    {
        await foreach (var happened in process.ReadAllAsync(cancellationToken))
        {
            if (happened.Data is { } data)
            {
                Write(data);
            }
            else if (happened.End is { } ended)
            {
                return _timedOut ? ExitCodes.TimedOut : SignalNames.ExitCodeOf(ended);
            }
        }

        throw new CliException("the command's end was not told; it may still run");
    }

    private void Write(ProcessData data)
    {
        if (data.Stderr is { Length: > 0 } error)
        {
            output.Error(error);
        }

        if ((data.Stdout ?? data.Pty) is { Length: > 0 } bytes)
        {
            output.Output(bytes);
        }
    }

    /// <summary>The first Ctrl-C is the command's; the second one kills it; a third one leaves without it.</summary>
    private void OnSignal(PosixSignal signal)
    {
        var count = Interlocked.Increment(ref _asked);
        if (count > 2)
        {
            _abandoned.Cancel();
            return;
        }

        _ = SendAsync(count == 2 ? ProcessSignal.SIGNAL_SIGKILL : (ProcessSignal)Interrupts.NumberOf(signal), _abandoned.Token);
    }

    private async Task EndAfterAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(limit, time, cancellationToken);
            _timedOut = true;
            await SendAsync(ProcessSignal.SIGNAL_SIGTERM, cancellationToken);
            await Task.Delay(KillDelay, time, cancellationToken);
            await SendAsync(ProcessSignal.SIGNAL_SIGKILL, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // It ended by itself.
        }
    }

    private async Task SendAsync(ProcessSignal signal, CancellationToken cancellationToken)
    {
        try
        {
            await process.SendSignalAsync(signal, cancellationToken);
        }
        catch (Exception exception) when (exception is SandboxClientException or OperationCanceledException)
        {
            // It has ended already; its end is told by its stream.
        }
    }
}
