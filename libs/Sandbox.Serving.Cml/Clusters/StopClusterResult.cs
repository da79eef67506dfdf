using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Clusters;

/// <param name="Stopped">Nothing of it is left.</param>
/// <param name="StoppedApps">Ids of the applications that were deleted.</param>
/// <param name="Errors">Why others were not; they are kept for the next try.</param>
public sealed record StopClusterResult(bool Stopped, ImmutableArray<string> StoppedApps, ImmutableArray<string> Errors);
