using Sandbox.Domain.Lifecycle;
using static Sandbox.Domain.Lifecycle.SandboxEvent;
using static Sandbox.Domain.Lifecycle.SandboxState;

namespace Sandbox.Domain.Tests.Lifecycle;

public sealed class SandboxLifecycleTests
{
    // Written out a second time on purpose: a change of the table has to be meant.
    private static readonly Dictionary<(SandboxState, SandboxEvent), SandboxState> Legal = new()
    {
        [(Pending, Alive)] = Running,
        [(Pending, Stop)] = Stopped,
        [(Pending, StartFailed)] = Stopped,
        [(Pending, RestoreFailed)] = Archived,
        [(Running, Stop)] = Stopped,
        [(Running, Lost)] = Stopped,
        [(Running, Readopted)] = Running,
        [(Stopped, Stop)] = Stopped,
        [(Stopped, Restart)] = Pending,
        [(Stopped, Delete)] = Deleted,
        [(Stopped, Archive)] = Archiving,
        [(Archiving, ArchiveDone)] = Archived,
        [(Archiving, ArchiveFailed)] = Stopped,
        [(Archived, Restore)] = Pending,
        [(Archived, Delete)] = Deleted,
    };

    public static TheoryData<SandboxState, SandboxEvent> Pairs() =>
        new MatrixTheoryData<SandboxState, SandboxEvent>(Enum.GetValues<SandboxState>(), Enum.GetValues<SandboxEvent>());

    public static TheoryData<SandboxEvent> Events() => [.. Enum.GetValues<SandboxEvent>()];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void TryNext_OfEveryPair_IsAsWrittenOrRefused(SandboxState from, SandboxEvent on)
    {
        var legal = SandboxLifecycle.TryNext(from, on, out var to);

        Assert.Equal(Legal.TryGetValue((from, on), out var expected), legal);
        Assert.True(!legal || to == expected, $"{from} + {on} leads to {to}, not to {expected}");
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void TryNext_WhenDeleted_NeverMovesAgain(SandboxEvent anything) =>
        Assert.False(SandboxLifecycle.TryNext(Deleted, anything, out _), $"a deleted sandbox stays deleted, yet {anything} moved it");

    [Fact]
    public void Rows_AreTheWholeTable() =>
        Assert.Equal(Legal.Keys.Order().Select(pair => (pair.Item1, pair.Item2, Legal[pair])), SandboxLifecycle.Rows());

    [Fact]
    public void ToMarkdown_HasOneLineForEachRow()
    {
        var lines = SandboxLifecycle.ToMarkdown().Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(Legal.Count + 2, lines.Length);
        Assert.Contains("| pending | start_failed | stopped |", lines);
    }

    [Fact]
    public void Names_AreWhatTravels()
    {
        Assert.Equal(
            ["pending", "running", "stopped", "archiving", "archived", "deleted"],
            Enum.GetValues<SandboxState>().Select(state => state.Name()));
        Assert.Equal("archive_done", ArchiveDone.Name());
        Assert.True(WireNames.TryParseEvent("start_failed", out var happened) && happened == StartFailed);
        Assert.False(WireNames.TryParseState("Pending", out _));
        Assert.False(WireNames.TryParseState(null, out _));
    }
}
