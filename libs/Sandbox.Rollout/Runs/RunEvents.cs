using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Executions;

namespace Sandbox.Rollout.Runs;

/// <summary>What the audit log says of runs.</summary>
internal static class RunEvents
{
    public static AuditEvent Of(Execution execution, string by, string action, DateTimeOffset at) => new(
        at, by, action, execution.Id.ToString(),
        AuditEvent.DetailOf(
        [
            ("checkpoint", execution.Checkpoint), ("plan", execution.PlanHash), ("targets", execution.Targets),
            .. execution.IsForced ? ((string, string)[])[("forced", "true")] : [],
        ]));
}
