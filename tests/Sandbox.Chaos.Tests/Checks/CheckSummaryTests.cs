using Sandbox.Chaos.Histories;
using Sandbox.Domain.Lifecycle;
using static Sandbox.Chaos.Histories.OperationKind;

namespace Sandbox.Chaos.Tests.Checks;

/// <summary>Histories made by hand, right and wrong: what is right is accepted whole, what is wrong is rejected by the check
/// that it is for.</summary>
public sealed class CheckSummaryTests
{
    private static readonly SandboxEvent[] Ran = [SandboxEvent.Alive], Stopped = [SandboxEvent.Alive, SandboxEvent.Stop],
        Restarted = [SandboxEvent.Alive, SandboxEvent.Stop, SandboxEvent.Restart, SandboxEvent.Alive],
        Deleted = [SandboxEvent.Alive, SandboxEvent.Stop, SandboxEvent.Delete],
        Archived = [SandboxEvent.Alive, SandboxEvent.Stop, SandboxEvent.Archive, SandboxEvent.ArchiveDone];

    [Fact]
    public void WholeLife_AsItShouldBe_IsAccepted()
    {
        Accepts(new Story().Did(Create).Did(Execute, seen: ["m2"]).Did(Stop).Did(Restart).Did(Session, seen: ["m2", "m5"])
            .Record(Restarted).Container(marks: ["m2", "m5"]).Live(5, "running"));
        Accepts(new Story().Did(Create).Did(Stop).Did(Delete).Did(Status, detail: "deleted").Record(Deleted));
    }

    [Fact]
    public void UnknownAnswers_EitherWay_AreAccepted()
    {
        Accepts(new Story().Did(Create, Answer.Unknown).Record(Ran).Container());
        Accepts(new Story().Did(Create, Answer.Unknown));
        Accepts(new Story().Did(Create).Did(Execute, Answer.Unknown).Record(Ran).Container(marks: ["m2"]));
        Accepts(new Story().Did(Create).Did(Execute, Answer.Unknown).Record(Ran).Container());
        Accepts(new Story().Did(Create).Did(Stop).Did(Restart, Answer.Unknown).Record(Restarted).Container());
        Accepts(new Story().Did(Create).Did(Stop).Did(Restart, Answer.Unknown).Record(Stopped).Container(running: false));
    }

    [Fact]
    public void Create_AcknowledgedAndGone_IsRejected() => Rejects("CreatesAreKept", new Story().Did(Create));

    [Fact]
    public void Create_AcknowledgedTwice_IsRejected() =>
        Rejects("CreatesAreKept", new Story().Did(Create).Did(Create).Record(Ran).Container());

    [Fact]
    public void Record_ThatNobodyAskedFor_IsRejected() =>
        Rejects("CreatesAreKept", new Story().Did(Create, Answer.Refused).Record(Ran).Container());

    [Fact]
    public void Delete_AcknowledgedAndUndone_IsRejected()
    {
        Rejects("DeletesStay", new Story().Did(Create).Did(Stop).Did(Delete).Record(Stopped).Container(running: false));
        Rejects("DeletesStay", new Story().Did(Create).Did(Stop).Did(Delete).Did(Status, detail: "stopped").Record(Deleted));
    }

    [Fact]
    public void Stop_ThatDidNotLast_IsRejected()
    {
        Rejects("StopsStay",
            new Story().Did(Create).Did(Stop).Did(Execute, seen: ["m3"]).Record(Stopped).Container(running: false, marks: ["m3"]));
        Rejects("StopsStay EventsAreEffectiveOnce", new Story().Did(Create).Did(Stop).Record(Restarted).Container());
    }

    [Fact]
    public void Mark_LostOverAStop_IsRejected()
    {
        Rejects("MarksAreKeptOnce", new Story().Did(Create).Did(Execute, seen: ["m2"]).Did(Stop).Did(Restart).Did(Execute, seen: ["m5"])
            .Record(Restarted).Container(marks: ["m2", "m5"]));
        Rejects("MarksAreKeptOnce", new Story().Did(Create).Did(Execute, seen: ["m2"]).Record(Ran).Container());
    }

    [Fact]
    public void Mark_WrittenTwice_IsRejected()
    {
        Rejects("MarksAreKeptOnce", new Story().Did(Create).Did(Execute, Answer.Unknown).Did(Execute, seen: ["m2", "m2", "m3"])
            .Record(Ran).Container(marks: ["m2", "m3"]));
        Rejects("MarksAreKeptOnce", new Story().Did(Create).Did(Execute, seen: ["m2"]).Record(Ran).Container(marks: ["m2", "m2"]));
    }

    [Fact]
    public void Mark_OfARefusedOrForeignCommand_IsRejected()
    {
        Rejects("MarksAreKeptOnce", new Story().Did(Create).Did(Execute, Answer.Refused).Record(Ran).Container(marks: ["m2"]));
        Rejects("MarksAreKeptOnce", new Story().Did(Create).Did(Execute, seen: ["m2"]).Record(Ran).Container(marks: ["m2", "m77"]));
    }

    [Fact]
    public void Restart_LostOrDoubled_IsRejected()
    {
        Rejects("EventsAreEffectiveOnce", new Story().Did(Create).Did(Stop).Did(Restart).Record(Stopped).Container(running: false));
        Rejects("EventsAreEffectiveOnce", new Story().Did(Create).Did(Stop).Did(Restart).Did(Restart).Record(Restarted).Container());
        Rejects("EventsAreEffectiveOnce", new Story().Did(Create).Did(Stop).Did(Restart).Did(Stop)
            .Record([.. Restarted, SandboxEvent.Stop, SandboxEvent.Restart, SandboxEvent.Alive, SandboxEvent.Stop])
                .Container(running: false));
    }

    [Fact]
    public void Step_ThatIsNotInTheTable_IsRejected() =>
        Rejects("EventsAreEffectiveOnce HistoriesAreLegal",
            new Story().Did(Create).Record([SandboxEvent.Alive, SandboxEvent.Alive], state: SandboxState.Running).Container());

    [Fact]
    public void Version_ThatSkipsOrStays_IsRejected()
    {
        Rejects("HistoriesAreLegal", new Story().Did(Create).Record(Ran, version: 3).Container());
        Rejects("HistoriesAreLegal", new Story().Did(Create).Record(Ran, version: 1).Container());
    }

    [Fact]
    public void State_OtherThanItsHistorys_IsRejected() =>
        Rejects("HistoriesAreLegal", new Story().Did(Create).Record(Ran, state: SandboxState.Stopped).Container(running: false));

    [Fact]
    public void Container_WithoutARecordOrOfAnotherLife_IsRejected()
    {
        Rejects("ContainersMatch", new Story().Container(id: "nobodys"));
        Rejects("ContainersMatch", new Story().Did(Create).Did(Stop).Did(Delete).Record(Deleted).Container(running: false));
        Rejects("ContainersMatch", new Story().Did(Create).Record(Ran).Container().Container(incarnation: "earlier", running: false));
    }

    [Fact]
    public void Container_OfOneIncarnationTwice_IsRejected() =>
        Rejects("ContainersMatch", new Story().Did(Create).Record(Ran).Container().Container(running: false));

    [Fact]
    public void Container_ElsewhereThanItsRecordSays_IsRejected() =>
        Rejects("ContainersMatch", new Story().Did(Create).Record(Ran).Container(node: "w2"));

    [Fact]
    public void Container_ThatRunsOrNotAgainstItsRecord_IsRejected()
    {
        Rejects("ContainersMatch", new Story().Did(Create).Did(Stop).Record(Stopped).Container(running: true));
        Rejects("ContainersMatch", new Story().Did(Create).Record(Ran).Container(running: false));
        Rejects("ContainersMatch", new Story().Did(Create).Did(Stop).Record(Stopped));
        Rejects("ContainersMatch", new Story().Did(Create).Record([SandboxEvent.Alive, SandboxEvent.Lost], reason: "it was removed"));
    }

    [Fact]
    public void Loss_ForASilenceInWhichTheNodeAnswered_IsRejected()
    {
        const string Reason = "its node w1 is gone, silent for 31 s";
        var lost = new[] { SandboxEvent.Alive, SandboxEvent.Lost };
        Rejects("LossesAreTrue", new Story().Did(Create).Did(Execute, seen: ["m2"])
            .Record(lost, reason: Reason, lostAt: 10).Container(running: false, marks: ["m2"]));
        Accepts(new Story().Did(Create).Did(Execute, seen: ["m2"]).Record(lost, reason: Reason, lostAt: 40)
            .Container(running: false, marks: ["m2"]));
    }

    [Fact]
    public void PassingState_BeyondItsDeadlineOrWithoutAJob_IsRejected()
    {
        Accepts(new Story().Did(Create).Record([]).Job());
        Rejects("NothingStaysPassing", new Story().Did(Create).Record([]).Job().Overdue());
        Rejects("NothingStaysPassing", new Story().Did(Create).Record([]));
        Rejects("NothingStaysPassing", new Story().Did(Create).Record([]).Job().DeadLetter(version: 1));
    }

    [Fact]
    public void Job_StuckBehindARestingSandbox_IsRejected() =>
        Rejects("NothingStaysPassing", new Story().Did(Create).Did(Stop).Record(Stopped).Container(running: false).Job(version: 3));

    [Fact]
    public void Archive_AsItShouldBe_IsAccepted()
    {
        Accepts(new Story().Did(Create).Did(Stop).Did(Archive).Record(Archived).Archive());
        Accepts(new Story().Did(Create).Did(Stop).Did(Archive).Record([.. Archived.SkipLast(1), SandboxEvent.ArchiveFailed])
            .Container(running: false));
        Accepts(new Story().Did(Create).Did(Execute, seen: ["m2"]).Did(Stop).Did(Archive).Did(Restart).Did(Execute, seen: ["m2", "m6"])
            .Record([.. Archived, SandboxEvent.Restore, SandboxEvent.Alive]).Container(marks: ["m2", "m6"]));
    }

    [Fact]
    public void Archive_LostOrDoubledOrLeftBehind_IsRejected()
    {
        Rejects("ArchivesMatch", new Story().Did(Create).Did(Stop).Did(Archive).Record(Archived));
        Rejects("ArchivesMatch", new Story().Did(Create).Did(Stop).Did(Archive).Record(Archived).Archive(hasImage: false));
        Rejects("ArchivesMatch", new Story().Did(Create).Did(Stop).Did(Archive).Record(Archived).Archive().Container(running: false));
        Rejects("ArchivesMatch", new Story().Did(Create).Record(Ran).Container().Archive(incarnation: "earlier"));
        Rejects("EventsAreEffectiveOnce", new Story().Did(Create).Did(Stop).Did(Archive).Record(Stopped).Container(running: false));
        Rejects("EventsAreEffectiveOnce", new Story().Did(Create).Did(Stop).Record(Archived).Archive());
        Rejects("NothingStaysPassing", new Story().Did(Create).Did(Stop).Did(Archive).Record(Archived[..3]).Container(running: false));
    }

    [Fact]
    public void Counts_OtherThanTheRecords_AreRejected() =>
        Assert.Equal("CountsAgree", new Story().Did(Create).Record(Ran).Container().Judge(countsDiffer: true).Broken);

    [Fact]
    public void LiveEntry_AgainstItsRecord_IsRejected()
    {
        Accepts(new Story().Did(Create).Record(Ran).Container().Live(1, "pending"));
        Rejects("LiveEntriesAgree", new Story().Did(Create).Record(Ran).Container().Live(3, "stopped"));
        Rejects("LiveEntriesAgree", new Story().Did(Create).Record(Ran).Container().Live(2, "stopped"));
        Rejects("LiveEntriesAgree", new Story().Live(1));
    }

    private static void Accepts(Story story) => Assert.Equal("", story.Judge().Violations);

    private static void Rejects(string checks, Story story)
    {
        var (broken, violations) = story.Judge();
        Assert.True(checks == broken, $"was to be rejected by {checks}, and was by '{broken}': {violations}");
    }
}
