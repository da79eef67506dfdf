using System.Text;
using Sandbox.Chaos.Checks;
using Sandbox.Chaos.Histories;

namespace Sandbox.Chaos;

/// <summary>What a run did and what came of it, for people.</summary>
/// <param name="Surprises">What should never be seen beside the promises: a process that ended by itself.</param>
public sealed record ChaosReport(
    ChaosOptions Options, IReadOnlyDictionary<string, int> Faults, IReadOnlyList<Operation> Operations, CheckSummary CheckSummary,
    IReadOnlyList<string> Surprises)
{
    public bool IsGreen => CheckSummary.IsClean && Surprises.Count == 0;

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(
            $"seed {Options.Seed}, {Options.Length.TotalSeconds:0} s, {Options.Clients} clients, Redis "
                + $"{(Options.HasRedis ? "present" : "absent")}");
        text.AppendLine("faults injected and healed:");
        foreach (var (kind, count) in Faults.OrderBy(fault => fault.Key, StringComparer.Ordinal))
        {
            text.AppendLine($"  {count,5}  {kind}");
        }

        text.AppendLine($"operations: {Operations.Count}");
        foreach (var kind in Operations.GroupBy(operation => operation.Kind).OrderBy(kind => kind.Key))
        {
            text.AppendLine(
                $"  {kind.Count(),5}  {kind.Key} ({kind.Count(one => one.IsDone)} done, "
                    + $"{kind.Count(one => one.Answer is Answer.Refused)} refused, {kind.Count(one => one.Answer is Answer.Unknown)} "
                    + $"unknown)");
        }

        text.AppendLine($"checks made: {CheckSummary.Made}");
        foreach (var (check, findings) in CheckSummary.Parts)
        {
            text.AppendLine(
                $"  {findings.Made,5}  {check.Promise}"
                + $"{(findings.Violations.Count > 0 ? $": {findings.Violations.Count} VIOLATIONS" : "")}");
        }

        foreach (var violation in CheckSummary.Violations.Concat(Surprises))
        {
            text.AppendLine($"VIOLATION {violation}");
        }

        return text.Append(IsGreen ? "verdict: green" : "verdict: RED").ToString();
    }
}
