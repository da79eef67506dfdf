using System.Collections.Immutable;
using Sandbox.Serving.Cml.Jobs;

namespace Sandbox.Serving.Cml;

/// <param name="Project">Its id.</param>
/// <param name="Jobs">What became of each job, in the order in which they ran.</param>
public sealed record CmlDeploymentResult(string Project, ImmutableArray<JobOutcome> Jobs);
