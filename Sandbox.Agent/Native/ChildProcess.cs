namespace Sandbox.Agent.Native;

/// <summary>
/// A running (or ended) child with a session of its own. It has pipes (<see cref="Stdin"/>, <see cref="Stdout"/>,
/// <see cref="Stderr"/>) or a <see cref="Terminal"/>. Disposing closes these and signals nobody (though closing a terminal hangs it up).
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Reaper _reaper;
    private readonly TaskCompletionSource<ExitStatus> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _terminalGate = new();
    private bool _disposed;

    internal ChildProcess(Reaper reaper, int pid, ChildStreams streams)
    {
        _reaper = reaper;
        Pid = pid;
        (Stdin, Stdout, Stderr, Terminal) = streams;
    }

    internal int Pid { get; }

    /// <summary>Null on a terminal and when it was not asked for.</summary>
    internal DescriptorStream? Stdin { get; }

    internal DescriptorStream? Stdout { get; }

    internal DescriptorStream? Stderr { get; }

    /// <summary>Both ways; ends (0 bytes) when no process has the terminal open any more.</summary>
    internal DescriptorStream? Terminal { get; }

    /// <summary>Ends when the child itself has ended; its descendants may live on and hold the streams.</summary>
    internal Task<ExitStatus> Exited => _exited.Task;

    /// <summary>Sends to the child's process group.</summary>
    /// <returns>False when nobody is left in it.</returns>
    internal bool Signal(int signal) => _reaper.Signal(this, signal);

    /// <summary>Kills the process group and every other group of the child's session (the jobs of an interactive shell).</summary>
    internal void KillSession()
    {
        _ = Signal(Signals.Kill);
        if (_reaper.Owns(this))
        {
            ProcessTree.KillSession(Pid);
        }
    }

    /// <summary>No effect without a terminal.</summary>
    internal void Resize(ushort columns, ushort rows) =>
        WithTerminal(master => Native.Terminal.Resize(master, columns, rows));

    /// <summary>Whether the terminal shows what is typed. No effect without a terminal.</summary>
    internal void SetEcho(bool on) => WithTerminal(master => Native.Terminal.SetEcho(master, on));

    public void Dispose()
    {
        lock (_terminalGate)
        {
            _disposed = true;
            Terminal?.Dispose();
        }

        Stdin?.Dispose();
        Stdout?.Dispose();
        Stderr?.Dispose();
    }

    internal void SetEnded(ExitStatus status) => _exited.TrySetResult(status);

    internal void WithTerminal(Action<int> act)
    {
        lock (_terminalGate)
        {
            if (Terminal is not null && !_disposed)
            {
                act(Terminal.Descriptor);
            }
        }
    }
}

internal readonly record struct ChildStreams(
    DescriptorStream? Stdin, DescriptorStream? Stdout, DescriptorStream? Stderr, DescriptorStream? Terminal);
