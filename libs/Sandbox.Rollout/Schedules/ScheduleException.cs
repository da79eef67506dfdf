namespace Sandbox.Rollout.Schedules;

/// <summary>A schedule cannot be as it was asked for; the message says why.</summary>
public sealed class ScheduleException(string message) : Exception(message);
