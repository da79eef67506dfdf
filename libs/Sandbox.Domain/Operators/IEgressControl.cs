using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Operators;

/// <summary>Puts the lists of what running sandboxes may reach in effect, on whichever node they are: in the same process by the
/// deployment, in a cluster through the node's API.</summary>
public interface IEgressControl
{
    /// <summary>Completes when the record's list is in effect; else why it is not yet (<see cref="SandboxError.Unsupported"/>,
    /// <see cref="SandboxError.AgentUnreachable"/>, <see cref="SandboxError.DockerUnavailable"/>).</summary>
    Task<SandboxError?> ApplyAsync(SandboxInstance sandbox, CancellationToken cancellationToken);
}
