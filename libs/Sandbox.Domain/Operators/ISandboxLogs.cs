using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Operators;

/// <summary>What the main processes of sandboxes have written, on whichever node they are: in the same process from the deployment, in a
/// cluster through the node's API. Reading it is no use of the sandbox.</summary>
public interface ISandboxLogs
{
    /// <summary>The log of the sandbox's present incarnation, running or stopped (<see cref="SandboxError.NoLog"/>,
    /// <see cref="SandboxError.Unsupported"/>, <see cref="SandboxError.AgentUnreachable"/>,
    /// <see cref="SandboxError.DockerUnavailable"/>).</summary>
    Task<Result<SandboxLog>> OpenAsync(SandboxInstance sandbox, LogQuery query, CancellationToken cancellationToken);
}
