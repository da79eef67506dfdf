using System.Diagnostics.CodeAnalysis;
using Sandbox.Agent.Activity;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Processes;

/// <summary>The processes that can be listed, connected to and signalled.</summary>
internal sealed class ProcessTable(Spawner spawner, AgentActivity activity, TimeProvider time)
{
    private const int MostEnded = 32;
    private static readonly TimeSpan EndedKept = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<int, SandboxProcess> _running = [];
    private readonly List<(SandboxProcess Process, long EndedAt)> _ended = [];

    internal IReadOnlyList<SandboxProcess> Running
    {
        get
        {
            lock (_gate)
            {
                return [.. _running.Values];
            }
        }
    }

    /// <summary>Starts it with a first reader attached, who misses nothing.</summary>
    internal bool TryStart(
        ProcessOrder order, [NotNullWhen(true)] out SandboxProcess? process, [NotNullWhen(true)] out OutputReader? reader,
        [NotNullWhen(false)] out SpawnError? error)
    {
        (process, reader) = (null, null);
        if (!spawner.TryStart(order.Spawn, out var child, out error))
        {
            return false;
        }

        process = new SandboxProcess(order, child, time, activity);
        lock (_gate)
        {
            // The number may be that of a process whose end is still being noticed here.
            _running[process.Pid] = process;
        }

        reader = process.Attach(replay: false);
        process.Run();
        _ = RemoveAfterAsync(process);
        return true;
    }

    /// <summary>By number or by tag (the newest of those with one tag). Running ones only.</summary>
    internal SandboxProcess? Find(ProcessSelector? selector)
    {
        lock (_gate)
        {
            return selector switch
            {
                { Pid: { } pid } => _running.GetValueOrDefault((int)pid),
                { Tag: { Length: > 0 } tag } => _running.Values.LastOrDefault(process => process.Order.Tag == tag),
                _ => null,
            };
        }
    }

    /// <summary>As <see cref="Find"/>, and among those that ended unseen not long ago.</summary>
    internal SandboxProcess? FindForReading(ProcessSelector? selector)
    {
        if (Find(selector) is { } running)
        {
            return running;
        }

        lock (_gate)
        {
            Forget_NeedsLock();
            return _ended.FindLast(ended => selector switch
            {
                { Pid: { } pid } => ended.Process.Pid == (int)pid,
                { Tag: { Length: > 0 } tag } => ended.Process.Order.Tag == tag,
                _ => false,
            }).Process;
        }
    }

    /// <summary>A reader leaves; an end that it saw is nothing to keep any more.</summary>
    internal void Detach(SandboxProcess process, OutputReader reader, bool sawEnd)
    {
        process.Detach(reader, sawEnd);
        lock (_gate)
        {
            Forget_NeedsLock();
        }
    }

    private async Task RemoveAfterAsync(SandboxProcess process)
    {
        await process.Ended;
        lock (_gate)
        {
            if (_running.GetValueOrDefault(process.Pid) == process)
            {
                _running.Remove(process.Pid);
            }

            _ended.Add((process, time.GetTimestamp()));
            Forget_NeedsLock();
        }
    }

    private void Forget_NeedsLock()
    {
        _ended.RemoveAll(ended => ended.Process.EndWasSeen || time.GetElapsedTime(ended.EndedAt) > EndedKept);
        if (_ended.Count > MostEnded)
        {
            _ended.RemoveRange(0, _ended.Count - MostEnded);
        }
    }
}
