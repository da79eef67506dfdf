using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Histories;

namespace Sandbox.Chaos.Checks;

/// <summary>Each command appends its own mark to one file of its sandbox: the file says which commands were effective, and how
/// often. It is looked at by every later command (before and after stops and restarts), and in the end from outside.</summary>
internal sealed class MarksAreKeptOnce : ICheck
{
    public string Promise => "what an acknowledged command wrote is there, once";

    public void Look(Evidence evidence, Findings findings)
    {
        foreach (var sandbox in evidence.Operations.Where(one => one.IsMarking).GroupBy(one => one.SandboxId))
        {
            var byMark = sandbox.ToDictionary(one => one.Mark);
            foreach (var reader in sandbox.Where(one => one is { IsDone: true, Seen: not null }))
            {
                Judge(new Sight(reader.ToString(), reader.Begin, reader.End, reader.Seen!), sandbox, byMark, findings);
                findings.Expect(reader.Seen!.Contains(reader.Mark), () => $"{reader} did not find its own mark");
            }

            if (evidence.Marks.TryGetValue(sandbox.Key, out var marks))
            {
                Judge(new Sight($"the container of {sandbox.Key} in the end", evidence.At, evidence.At, marks), sandbox, byMark, findings);
            }
        }
    }

    private static void Judge(Sight sight, IEnumerable<Operation> all, Dictionary<string, Operation> byMark, Findings findings)
    {
        foreach (var times in sight.Marks.CountBy(mark => mark))
        {
            findings.Expect(times.Value == 1, () => $"{sight.Who} found {times.Key} {times.Value} times");
            findings.Expect(
                byMark.TryGetValue(times.Key, out var writer) && writer.IsPossible && writer.Begin < sight.End,
                () => $"{sight.Who} found {times.Key}, which nobody can have written by then: {writer?.ToString() ?? "no such command"}");
        }

        var seen = sight.Marks.ToHashSet();
        foreach (var written in all.Where(one => one.IsDone && one.End < sight.Begin))
        {
            findings.Expect(seen.Contains(written.Mark), () => $"{sight.Who} did not find the mark of {written}");
        }
    }

    private sealed record Sight(string Who, DateTimeOffset Begin, DateTimeOffset End, IReadOnlyList<string> Marks);
}
