using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>How a container is brought up: first started from its image, or started again.</summary>
internal delegate Task<Result<StartedSandbox>> BringUp(SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken);
