using System.Runtime.InteropServices;

namespace Sandbox.Agent.Native;

/// <summary>
/// The one place that waits for children: those the agent started, and orphans that the kernel hands to it when it is the
/// first process or a sub-reaper. A child is taken off the kernel's table under the same lock under which signals
/// are sent, so that a signal never reaches a stranger that was given the same number.
/// </summary>
internal sealed unsafe class Reaper
{
    private const int AnyChild = 0;
    private const int ThisChild = 1;
    private const int Ended = 4;
    private const int LeaveInPlace = 0x01000000;
    private const int ExitedByItself = 1;

    // Only a first process gets orphans without having a child of its own; they wait this long at most.
    private static readonly TimeSpan LongestPark = TimeSpan.FromSeconds(20);

    private readonly object _gate = new();
    private readonly Dictionary<int, ChildProcess> _children = [];
    private readonly Dictionary<int, ExitStatus> _early = [];
    private int _starting;
    private int _spawns;

    internal Reaper() => new Thread(Run, 256 * 1024) { IsBackground = true, Name = "reaper" }.Start();

    /// <summary>Children alive now.</summary>
    internal IReadOnlyList<ChildProcess> Children
    {
        get
        {
            lock (_gate)
            {
                return [.. _children.Values];
            }
        }
    }

    /// <summary>Call before a spawn: from here on the end of an unknown child is remembered.</summary>
    internal void Starting()
    {
        lock (_gate)
        {
            _starting++;
        }
    }

    /// <param name="child">Null when the spawn failed.</param>
    internal void Started(ChildProcess? child)
    {
        lock (_gate)
        {
            if (child is not null && _early.Remove(child.Pid, out var status))
            {
                child.SetEnded(status);
            }
            else if (child is not null)
            {
                _children.Add(child.Pid, child);
            }

            if (--_starting == 0)
            {
                _early.Clear();
            }

            _spawns++;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Sends to the process group of the child, also when only its descendants are left of it.</summary>
    /// <returns>False when there is nobody to receive it.</returns>
    internal bool Signal(ChildProcess child, int signal)
    {
        lock (_gate)
        {
            return Owns_NeedsLock(child) && Libc.Kill(-child.Pid, signal) == 0;
        }
    }

    /// <summary>False when its number was given to another child after its end.</summary>
    internal bool Owns(ChildProcess child)
    {
        lock (_gate)
        {
            return Owns_NeedsLock(child);
        }
    }

    private bool Owns_NeedsLock(ChildProcess child) => !_children.TryGetValue(child.Pid, out var now) || now == child;

    private void Run()
    {
        var info = stackalloc int[32];
        while (true)
        {
            var seen = Volatile.Read(ref _spawns);
            if (Libc.WaitId(AnyChild, 0, info, Ended | LeaveInPlace) == 0)
            {
                // siginfo: code at byte 8, pid at 16, status at 24.
                var (code, pid, status) = (info[2], info[4], info[6]);
                Reap(pid, code == ExitedByItself ? new ExitStatus(status, 0) : new ExitStatus(0, status));
            }
            else if (Marshal.GetLastPInvokeError() == Errno.ECHILD)
            {
                Park(seen);
            }
        }
    }

    private void Park(int seen)
    {
        lock (_gate)
        {
            if (_spawns == seen)
            {
                Monitor.Wait(_gate, LongestPark);
            }
        }
    }

    private void Reap(int pid, ExitStatus status)
    {
        lock (_gate)
        {
            if (_children.Remove(pid, out var child))
            {
                child.SetEnded(status);
            }
            else if (_starting > 0)
            {
                _early[pid] = status;
            }

            var unused = stackalloc int[32];
            _ = Libc.WaitId(ThisChild, (uint)pid, unused, Ended);
        }
    }
}
