using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Rest;

/// <param name="JobRuns">What the vendor calls the list.</param>
/// <param name="Runs">What other versions call it.</param>
internal sealed record RunPage(ImmutableArray<CmlJobRun>? JobRuns, ImmutableArray<CmlJobRun>? Runs);
