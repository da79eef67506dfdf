namespace Sandbox.Rollout.Stores;

/// <summary>A line that a run printed.</summary>
/// <param name="Number">From 1, without a gap.</param>
public sealed record OutputLine(long Number, string Text);
