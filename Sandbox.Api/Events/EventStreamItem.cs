using Sandbox.Contracts.Management;

namespace Sandbox.Api.Events;

/// <summary>What a stream of events tells next.</summary>
internal abstract record EventStreamItem
{
    private EventStreamItem()
    {
    }

    /// <summary>From now on nothing is missed that happens.</summary>
    /// <param name="From">The time from which on it is told.</param>
    public sealed record Begun(DateTimeOffset From) : EventStreamItem;

    public sealed record Happened(LifecycleEvent Event) : EventStreamItem;

    /// <summary>Nothing happened for a while.</summary>
    public sealed record Quiet : EventStreamItem;

    /// <summary>Events are not told here: at the beginning, that there are more of the past; at the end, that a reader has to read again
    /// what happened since.</summary>
    public sealed record Missed(DateTimeOffset Since) : EventStreamItem;
}
