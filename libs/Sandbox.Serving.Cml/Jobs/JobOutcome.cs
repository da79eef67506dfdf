namespace Sandbox.Serving.Cml.Jobs;

/// <summary>What became of a job of a chain.</summary>
/// <param name="RunId">The run that succeeded.</param>
/// <param name="Skipped">That run was there before.</param>
public sealed record JobOutcome(string Key, string RunId, bool Skipped);
