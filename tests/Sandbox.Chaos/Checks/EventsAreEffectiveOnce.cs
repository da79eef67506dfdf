using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Histories;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

/// <summary>A restart, and an archive, is either refused or one event, so acknowledged ones and events can be counted against each other; a
/// stop or a delete of what is stopped or deleted already is none.</summary>
internal sealed class EventsAreEffectiveOnce : ICheck
{
    public string Promise => "each acknowledged operation is one event, and each event is a client's operation";

    public void Look(Evidence evidence, Findings findings)
    {
        foreach (var record in evidence.Records.Where(record => record.History.Count < SandboxInstance.HistoryLimit))
        {
            var restarts = Asked(evidence, record, OperationKind.Restart);
            var restarted = Happened(record, SandboxEvent.Restart) + Happened(record, SandboxEvent.Restore);
            findings.Expect(
                restarted >= restarts.Done && restarted <= restarts.Possible,
                () => $"{record.Id} was restarted {restarted} times; {restarts.Done} were acknowledged, "
                    + $"{restarts.Possible - restarts.Done} unknown");

            var archives = Asked(evidence, record, OperationKind.Archive);
            var archived = Happened(record, SandboxEvent.Archive);
            findings.Expect(
                archived >= archives.Done && archived <= archives.Possible,
                () => $"{record.Id} was put away {archived} times; {archives.Done} were acknowledged, "
                    + $"{archives.Possible - archives.Done} unknown");

            var stops = Asked(evidence, record, OperationKind.Stop);
            var stopped = Happened(record, SandboxEvent.Stop);
            findings.Expect(
                stopped <= stops.Possible || IsExpired(record),
                () => $"{record.Id} was stopped {stopped} times, and asked to be only {stops.Possible} times");
            findings.Expect(
                !WasStopped(evidence, record) || record.History.Any(change => change.To is SandboxState.Stopped or SandboxState.Deleted),
                () => $"a stop of {record.Id} was acknowledged, and it was never stopped");

            var deletes = Asked(evidence, record, OperationKind.Delete);
            var deleted = Happened(record, SandboxEvent.Delete);
            findings.Expect(
                deleted <= Math.Min(1, deletes.Possible), () =>
                    $"{record.Id} was deleted {deleted} times, and asked to be {deletes.Possible} times");

            findings.Expect(
                Happened(record, SandboxEvent.Alive) <= restarted + 1,
                () => $"{record.Id} became alive {Happened(record, SandboxEvent.Alive)} times after one create and {restarted} restarts");
        }
    }

    private static (int Done, int Possible) Asked(Evidence evidence, RecordFact record, OperationKind kind)
    {
        var asked = evidence.Of(record.Id).Where(one => one.Kind == kind).ToList();
        return (asked.Count(one => one.IsDone), asked.Count(one => one.IsPossible));
    }

    /// <summary>Stopping what is not there yet is a success as well.</summary>
    private static bool WasStopped(Evidence evidence, RecordFact record) =>
        evidence.Of(record.Id).FirstOrDefault(one => one is { Kind: OperationKind.Create, IsDone: true }) is { } create
        && evidence.Of(record.Id).Any(one => one is { Kind: OperationKind.Stop, IsDone: true } && one.Begin > create.End);

    private static int Happened(RecordFact record, SandboxEvent on) => record.History.Count(change => change.On == on);

    private static bool IsExpired(RecordFact record) => record.Reason?.StartsWith("expired", StringComparison.Ordinal) is true;
}
