using Sandbox.Chaos.Facts;

namespace Sandbox.Chaos.Checks;

/// <summary>What all checks together found.</summary>
public sealed record CheckSummary(IReadOnlyList<(ICheck Check, Findings Findings)> Parts)
{
    /// <summary>Every promise that is checked.</summary>
    public static IReadOnlyList<ICheck> Checks { get; } =
    [
        new CreatesAreKept(), new DeletesStay(), new StopsStay(), new MarksAreKeptOnce(), new EventsAreEffectiveOnce(),
        new HistoriesAreLegal(), new ContainersMatch(), new ArchivesMatch(), new LossesAreTrue(), new NothingStaysPassing(),
        new CountsAgree(), new LiveEntriesAgree(),
    ];

    public bool IsClean => Parts.All(part => part.Findings.Violations.Count == 0);

    public int Made => Parts.Sum(part => part.Findings.Made);

    public IEnumerable<string> Violations =>
        Parts.SelectMany(part => part.Findings.Violations.Select(violation => $"{part.Check.Promise}: {violation}"));

    public static CheckSummary Of(Evidence evidence) => new(
        [.. Checks.Select(check =>
        {
            var findings = new Findings();
            check.Look(evidence, findings);
            return (check, findings);
        })]);

    /// <summary>The promises that were broken, by the names of their checks.</summary>
    public IReadOnlyList<string> Broken =>
        [.. Parts.Where(part => part.Findings.Violations.Count > 0).Select(part => part.Check.GetType().Name)];
}
