using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Management;

/// <summary>Something that happened to a sandbox: the data of a message of <c>GET /api/v1/events</c>. One may be told twice; its sandbox
/// and version name it.</summary>
/// <param name="Type"><c>created</c>, <c>started</c>, <c>start_failed</c>, <c>stopped</c>, <c>lost</c>, <c>readopted</c>,
/// <c>restarting</c>, <c>archiving</c>, <c>archived</c>, <c>archive_failed</c>, <c>restoring</c>, <c>restore_failed</c> or
/// <c>deleted</c>.</param>
/// <param name="State">What the sandbox became by it.</param>
/// <param name="Version">Of the record that it made; grows with each event of a sandbox.</param>
/// <param name="Time">By the clock of the machine where it happened.</param>
public sealed record LifecycleEvent(
    string SandboxId, string Type, string State, long Version, DateTimeOffset Time, string Image, string Tenant)
{
    /// <summary>Why, where no caller asked for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>The node that the sandbox is on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Node { get; init; }
}
