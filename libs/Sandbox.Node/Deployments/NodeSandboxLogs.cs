using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;

namespace Sandbox.Node.Deployments;

/// <summary>The logs of the sandboxes of this node, from the deployments that run them.</summary>
internal sealed class NodeSandboxLogs(DeploymentSet deployments) : ISandboxLogs
{
    public async Task<Result<SandboxLog>> OpenAsync(SandboxInstance sandbox, LogQuery query, CancellationToken cancellationToken) =>
        sandbox.State is SandboxState.Archiving or SandboxState.Archived
            ? new SandboxError.NoLog(sandbox.Id, "it is archived; a restore brings its files back, and begins a new log")
            : await deployments[sandbox.Spec.Deployment].OpenLogAsync(sandbox, query, cancellationToken);
}
