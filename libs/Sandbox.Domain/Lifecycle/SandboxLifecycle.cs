using System.Collections.Frozen;
using static Sandbox.Domain.Lifecycle.SandboxEvent;
using static Sandbox.Domain.Lifecycle.SandboxState;

namespace Sandbox.Domain.Lifecycle;

/// <summary>The whole lifecycle. A pair that is not here is refused, aloud.</summary>
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

    /// <summary>Every legal pair and where it leads, in the order of the states and events.</summary>
    public static IEnumerable<(SandboxState From, SandboxEvent On, SandboxState To)> Rows() =>
        Table.Select(row => (row.Key.From, row.Key.On, To: row.Value)).OrderBy(row => row.From).ThenBy(row => row.On);

    /// <summary>The table as Markdown; a test compares it with the one in ARCHITECTURE.md.</summary>
    public static string ToMarkdown() =>
        "| from | event | to |\n|---|---|---|\n" +
        string.Concat(Rows().Select(row => $"| {row.From.Name()} | {row.On.Name()} | {row.To.Name()} |\n"));

    public static bool TryNext(SandboxState from, SandboxEvent on, out SandboxState to) =>
        Table.TryGetValue((from, on), out to);
}
