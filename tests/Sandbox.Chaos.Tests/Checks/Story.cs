using Sandbox.Chaos.Checks;
using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Histories;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Tests.Checks;

/// <summary>A history made by hand: each operation begins when the one before it has ended, a second later each.</summary>
internal sealed class Story
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<Operation> _operations = [];
    private readonly List<RecordFact> _records = [];
    private readonly List<ContainerFact> _containers = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _marks = [];
    private readonly List<JobFact> _jobs = [];
    private readonly List<DeadLetterFact> _letters = [];
    private readonly List<LiveFact> _live = [];
    private readonly List<ArchiveFact> _archives = [];
    private int _seconds;

    public static DateTimeOffset At(int second) => Start.AddSeconds(second);

    public Story Did(OperationKind kind, Answer answer = Answer.Done, string detail = "", string[]? seen = null, string id = "box")
    {
        _operations.Add(new Operation(_operations.Count + 1, "c1", id, kind, At(_seconds), At(_seconds + 1), answer, detail, seen));
        _seconds += 2;
        return this;
    }

    /// <summary>The record as these events made it, from its first pending on.</summary>
    public Story Record(
        SandboxEvent[] events, long? version = null, SandboxState? state = null, string? reason = null, int? lostAt = null,
        string id = "box")
    {
        var (now, history) = (SandboxState.Pending, new List<StateChange>());
        foreach (var (on, number) in events.Select((on, number) => (on, number)))
        {
            var to = SandboxLifecycle.TryNext(now, on, out var next) ? next : SandboxState.Running;
            history.Add(new StateChange(now, to, on, At(lostAt ?? number * 2)));
            now = to;
        }

        _records.Add(new RecordFact(id, version ?? events.Length + 1, state ?? now, $"life-{id}")
        {
            HostName = "w1",
            Reason = reason,
            History = history,
            Archived = now is SandboxState.Archived ? $"life-{id}" : null,
            TransientDeadline = now is SandboxState.Pending or SandboxState.Archiving ? At(10_000) : null,
        });
        return this;
    }

    public Story Overdue()
    {
        _records[^1] = _records[^1] with { TransientDeadline = At(-60) };
        return this;
    }

    public Story Container(bool running = true, string id = "box", string? incarnation = null, string node = "w1", string[]? marks = null)
    {
        _containers.Add(new ContainerFact($"container-{_containers.Count}", id, incarnation ?? $"life-{id}", node, running));
        _marks[id] = marks ?? [];
        return this;
    }

    public Story Job(long version = 1, string id = "box")
    {
        _jobs.Add(new JobFact(_jobs.Count + 1, id, version, 1, "w1", TimeSpan.FromSeconds(1)));
        return this;
    }

    public Story DeadLetter(long version)
    {
        _letters.Add(new DeadLetterFact("box", version, "it failed"));
        return this;
    }

    /// <summary>In the store.</summary>
    public Story Archive(string id = "box", string? incarnation = null, bool hasImage = true)
    {
        _archives.Add(new ArchiveFact(id, incarnation ?? $"life-{id}", hasImage));
        return this;
    }

    public Story Live(long version, string? state = null, string id = "box")
    {
        _live.Add(new LiveFact(id, version, state));
        return this;
    }

    /// <summary>The names of the checks that reject it, and every violation.</summary>
    public (string Broken, string Violations) Judge(bool countsDiffer = false)
    {
        var counts = _records.Where(record => record.State is not SandboxState.Deleted)
            .CountBy(record => (record.Tenant, record.State.Name()))
                .ToDictionary(count => count.Key, count => (long)count.Value + (countsDiffer ? 1 : 0));
        var verdict = CheckSummary.Of(new Evidence(At(_seconds), _operations, _records, _jobs, _containers)
        {
            Counts = counts,
            Marks = _marks,
            DeadLetters = _letters,
            Live = _live,
            Archives = _archives,
        });
        return (string.Join(' ', verdict.Broken), string.Join('\n', verdict.Violations));
    }
}
