using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;

namespace Sandbox.Node.Deployments;

/// <summary>Puts the lists of this node's sandboxes in effect, and writes down what is.</summary>
internal sealed class NodeEgressControl(DeploymentSet deployments, AgentGateway gateway, ISandboxStore store) : IEgressControl
{
    public async Task<SandboxError?> ApplyAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        var applied = await deployments[sandbox.Spec.Deployment].ApplyEgressAsync(sandbox, cancellationToken);
        if (!applied.TryGet(out var effect, out var error))
        {
            return error;
        }

        if (sandbox.EffectiveNetwork != effect.EffectiveNetwork
            && await store.FindAsync(sandbox.Id, cancellationToken) is { State: SandboxState.Running } record
            && record.Incarnation == sandbox.Incarnation)
        {
            sandbox = record with { EffectiveNetwork = effect.EffectiveNetwork };
            await store.TryUpdateFactsAsync(sandbox, cancellationToken);
        }

        gateway.Refresh(sandbox);
        return null;
    }
}
