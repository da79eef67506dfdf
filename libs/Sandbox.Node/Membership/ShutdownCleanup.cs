using Microsoft.Extensions.Options;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Node.Leases;
using Sandbox.Node.Reconciliation;

namespace Sandbox.Node.Membership;

/// <summary>The orderly end of a node that leaves nothing running (<see cref="NodeOptions.EndsSandboxes"/>), or nothing at all
/// (<see cref="NodeOptions.RemovesSandboxes"/>).</summary>
internal sealed partial class ShutdownCleanup(
    IOptions<NodeOptions> options, AgentGateway gateway, AgentLinks links, DeploymentSet deployments, LostSandboxes lost, INodeLease lease,
    ILogger<ShutdownCleanup> logger)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (options.Value.EndsSandboxes || options.Value.RemovesSandboxes)
        {
            await Task.WhenAll(
                gateway.Registered.Where(one => one.Spec.Deployment is not DeploymentKind.Remote)
                .Select(one => EndAsync(one, cancellationToken)));
        }

        // A process that is not the node any more does not know whose they are.
        if (options.Value.RemovesSandboxes && lease.Current is not null)
        {
            await Task.WhenAll(deployments.All.Select(deployment => RemoveAllAsync(deployment, cancellationToken)));
        }
    }

    private async Task EndAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        await TryAsync(sandbox, async () =>
        {
            if (links.Find(sandbox.Incarnation) is { IsConnected: true } link)
            {
                await link.ShutdownAsync(cancellationToken);
            }

            await deployments[sandbox.Spec.Deployment].EnsureStoppedAsync(sandbox, cancellationToken);
            links.Close(sandbox.Incarnation);
        });

        // Where the database has gone first, the node's next life finds out.
        var ended = new FoundSandbox(sandbox.Incarnation, sandbox.Id, Running: false, "its node ended, and its sandboxes with it");
        await TryAsync(sandbox, () => lost.JudgeAsync(sandbox, ended, cancellationToken));
    }

    private async Task RemoveAllAsync(IDeployment deployment, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var found in await deployment.ListAsync(cancellationToken))
            {
                await deployment.EnsureGoneAsync(found.Incarnation, cancellationToken);
            }
        }
        catch (Exception exception)
        {
            Log.NotRemoved(logger, deployment.Kind, exception.Message);
        }
    }

    private async Task TryAsync(SandboxInstance sandbox, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception)
        {
            Log.Failed(logger, sandbox.Id, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4261, LogLevel.Warning, "Sandbox {SandboxId} could not be ended in order: {Reason}")]
        public static partial void Failed(ILogger logger, Contracts.Ids.SandboxId sandboxId, string reason);

        [LoggerMessage(4262, LogLevel.Warning, "What {Deployment} has left of this node's sandboxes could not be removed: {Reason}")]
        public static partial void NotRemoved(ILogger logger, DeploymentKind deployment, string reason);
    }
}
