using System.Collections.Frozen;
using static Sandbox.Domain.Lifecycle.SandboxEvent;
using static Sandbox.Domain.Lifecycle.SandboxState;

namespace Sandbox.Domain.Lifecycle;

/// <summary>The whole lifecycle. A pair that is not here is refused, aloud (DESIGN, section 5; ROCK contract, section 3.1).</summary>
public static class SandboxLifecycle
{
    private static readonly FrozenDictionary<(SandboxState From, SandboxEvent On), SandboxState> Table =
        new Dictionary<(SandboxState, SandboxEvent), SandboxState>
        {
            [(Pending, Alive)] = Running,
            [(Pending, Stop)] = Stopped,
            [(Pending, StartFailed)] = Stopped,
            [(Pending, RestoreFailed)] = Archived,
            [(Running, Stop)] = Stopped,
            [(Running, Lost)] = Stopped,
            [(Running, Readopted)] = Running,
            [(Stopped, Stop)] = Stopped,       // asking twice is not an error and leaves no trace
            [(Stopped, Restart)] = Pending,
            [(Stopped, Delete)] = Deleted,
            [(Stopped, Archive)] = Archiving,
            [(Archiving, ArchiveDone)] = Archived,
            [(Archiving, ArchiveFailed)] = Stopped,
            [(Archived, Restore)] = Pending,
            [(Archived, Delete)] = Deleted,
        }.ToFrozenDictionary();

    public static bool TryNext(SandboxState from, SandboxEvent on, out SandboxState to) =>
        Table.TryGetValue((from, on), out to);
}
