namespace Sandbox.Contracts.Management;

/// <summary>The data of a message <c>missed</c> of <c>GET /api/v1/events</c>: some events are not told here. Those that happened at this
/// time or later are told to a new request with <c>since</c>.</summary>
public sealed record MissedEvents(DateTimeOffset Since);
