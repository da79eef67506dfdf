using System.Runtime.CompilerServices;
using Sandbox.Client.Wire;
using Sandbox.Contracts.Envd;

namespace Sandbox.Client.Processes;

/// <summary>A process inside a sandbox to whose output the caller is attached. Input, signals and reading may run at once.</summary>
public sealed class ProcessStream : IAsyncDisposable
{
    private readonly SandboxProcesses _processes;
    private readonly EnvelopeStream<ProcessMessage> _messages;
    private readonly ProcessSelector _self;
    private readonly bool _pty;

    private ProcessStream(SandboxProcesses processes, EnvelopeStream<ProcessMessage> messages, uint pid, bool pty)
    {
        (_processes, _messages, _pty) = (processes, messages, pty);
        Pid = pid;
        _self = new ProcessSelector(Pid: pid);
    }

    public uint Pid { get; }

    /// <summary>Output as it comes, then one <see cref="ProcessEnded"/>. May be enumerated once. Reads only as fast as
    /// the caller does; the end of the enumeration without an end of the process is an exception.</summary>
    public async IAsyncEnumerable<ProcessEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in _messages.ReadAllAsync(cancellationToken))
        {
            if (message.Event is { Data: not null } or { End: not null })
            {
                yield return message.Event;
            }
        }
    }

    /// <summary>Writes to the process's standard input or terminal; completes when the sandbox has taken it.</summary>
    public Task SendInputAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        _processes.SendInputAsync(_self, input, _pty, cancellationToken);

    public Task CloseStdinAsync(CancellationToken cancellationToken) => _processes.CloseStdinAsync(_self, cancellationToken);

    public Task SendSignalAsync(ProcessSignal signal, CancellationToken cancellationToken) =>
        _processes.SendSignalAsync(_self, signal, cancellationToken);

    public Task ResizeAsync(PtySize size, CancellationToken cancellationToken) => _processes.ResizeAsync(_self, size, cancellationToken);

    public ValueTask DisposeAsync() => _messages.DisposeAsync();

    internal static async Task<ProcessStream> OpenAsync(
        SandboxProcesses processes, EnvelopeStream<ProcessMessage> messages, bool pty, CancellationToken cancellationToken)
    {
        try
        {
            while (await messages.ReadAsync(cancellationToken) is { } message)
            {
                if (message.Event?.Start is { } started)
                {
                    return new ProcessStream(processes, messages, started.Pid, pty);
                }

                if (message.Event?.Keepalive is null)
                {
                    break;
                }
            }

            throw EnvdCalls.BadAnswer(null);
        }
        catch
        {
            await messages.DisposeAsync();
            throw;
        }
    }
}
