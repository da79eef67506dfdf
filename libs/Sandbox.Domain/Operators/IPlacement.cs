using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Operators;

/// <summary>Whether some live node can run a sandbox, asked before anything is written.</summary>
public interface IPlacement
{
    /// <summary>Null when it can be placed, else why not (<see cref="SandboxError.DockerUnavailable"/> and the like).</summary>
    Task<SandboxError?> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken);

    /// <summary>What <c>auto</c> means here and now.</summary>
    Task<DeploymentKind> ChooseAsync(CancellationToken cancellationToken);
}
