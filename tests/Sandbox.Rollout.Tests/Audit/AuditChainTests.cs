using Sandbox.Rollout.Audit;

namespace Sandbox.Rollout.Tests.Audit;

public sealed class AuditChainTests
{
    private static readonly List<AuditEntry> Whole = Chain(5);

    public static TheoryData<string, int> Changes() => new()
    {
        { "actor", 3 }, { "detail", 1 }, { "at", 5 }, { "taken out", 2 }, { "exchanged", 2 }, { "hash made anew", 3 },
    };

    [Fact]
    public void Chain_ThatWasOnlyAppendedTo_IsWhole() => Assert.Null(AuditChain.Verify(Whole, Whole[^1].Hash));

    [Theory]
    [MemberData(nameof(Changes))]
    public void Chain_WithAChange_NamesTheEntry(string change, int number)
    {
        var changed = Whole.ToList();
        var entry = changed[number - 1];
        switch (change)
        {
            case "actor":
                changed[number - 1] = entry with { Actor = "somebody else" };
                break;
            case "detail":
                changed[number - 1] = entry with { Detail = """{"reason":"another"}""" };
                break;
            case "at":
                changed[number - 1] = entry with { At = entry.At.AddSeconds(1) };
                break;
            case "taken out":
                changed.RemoveAt(number - 1);
                break;
            case "exchanged":
                (changed[number - 1], changed[number]) = (changed[number], changed[number - 1]);
                break;
            default:
                changed[number - 1] = AuditChain.Next(
                    changed[number - 2], entry.At, "somebody else", entry.Action, entry.Subject, entry.Detail);
                break;
        }

        var problem = AuditChain.Verify(changed);

        Assert.True(
            problem is not null && new[] { number, number + 1 }.Any(at => problem.StartsWith($"entry {at} ", StringComparison.Ordinal)),
            $"the change of entry {number} ({change}) was to be found there or at the next one: {problem}");
    }

    [Fact]
    public void Chain_WithItsEndTakenOff_IsNoticedByTheNotedHash()
    {
        Assert.Null(AuditChain.Verify(Whole[..3]));
        Assert.Equal("entries are missing after number 3", AuditChain.Verify(Whole[..3], Whole[^1].Hash));
    }

    private static List<AuditEntry> Chain(int length)
    {
        var entries = new List<AuditEntry>();
        for (var i = 0; i < length; i++)
        {
            entries.Add(AuditChain.Next(
                entries.LastOrDefault(), new DateTimeOffset(2030, 1, 1, 0, i, 0, TimeSpan.Zero), "ann", "approval.granted", $"{i}", "{}"));
        }

        return entries;
    }
}
