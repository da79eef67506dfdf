using Sandbox.Contracts.Management;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.Events;

/// <summary>What a record remembers of its sandbox's life, as events.</summary>
internal static class LifecycleEvents
{
    public const string Created = "created";

    /// <summary>Oldest first. What is beyond the limit of the history is forgotten.</summary>
    public static IEnumerable<LifecycleEvent> Of(SandboxInstance record)
    {
        // Each change made one version.
        var version = record.Version - record.History.Count;
        if (record.History.Count < SandboxInstance.HistoryLimit)
        {
            yield return EventOf(record, Created, SandboxState.Pending, version, record.CreatedAt);
        }

        foreach (var change in record.History)
        {
            version++;
            var told = EventOf(record, TypeOf(change.On), change.To, version, change.At);
            yield return version == record.Version ? told with { Reason = record.Reason } : told;
        }
    }

    private static LifecycleEvent EventOf(SandboxInstance record, string type, SandboxState state, long version, DateTimeOffset at) =>
        new(record.Id.ToString(), type, state.Name(), version, at.ToUniversalTime(), record.Spec.Image, record.Tenant)
        { Node = record.HostName };

    private static string TypeOf(SandboxEvent happened) => happened switch
    {
        SandboxEvent.Alive => "started",
        SandboxEvent.Stop => "stopped",
        SandboxEvent.Restart => "restarting",
        SandboxEvent.Delete => "deleted",
        SandboxEvent.Archive => "archiving",
        SandboxEvent.ArchiveDone => "archived",
        SandboxEvent.Restore => "restoring",

        // Their own names already say what happened.
        _ => happened.Name(),
    };
}
