using System.Text.Json;

namespace Sandbox.Rollout.Audit;

/// <summary>Something done that is about to be written into the log, together with what it changes.</summary>
/// <inheritdoc cref="AuditEntry" path="/param"/>
public sealed record AuditEvent(DateTimeOffset At, string Actor, string Action, string Subject, string Detail = "{}")
{
    /// <summary>A detail that has these members.</summary>
    public static string DetailOf(params (string Name, string Value)[] members) =>
        JsonSerializer.Serialize(members.ToDictionary(member => member.Name, member => member.Value));
}
