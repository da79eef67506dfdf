using System.Net;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Deployments.Docker;

/// <summary>Starts containers that are made, in another network where their own is gone or full.</summary>
internal sealed class ContainerStarter(EngineConnection engine, SandboxNetworks networks)
{
    private readonly EngineContainers _containers = new(engine);

    /// <param name="container">Its name.</param>
    /// <param name="effect">What keeps the network apart that it is in.</param>
    /// <returns>What keeps its network apart once it runs; null when it is gone.</returns>
    public async Task<string?> StartAsync(
        SandboxInstance sandbox, string container, string effect, CancellationToken cancellationToken)
    {
        var started = await _containers.StartAsync(container, cancellationToken);
        if (started is ContainerStart.NoNetwork)
        {
            effect = (await networks.MoveAsync(sandbox.Spec, container, cancellationToken)).Effect;
            started = await _containers.StartAsync(container, cancellationToken);
        }

        return started switch
        {
            ContainerStart.Started when SandboxLimits.IsLimited(sandbox.Spec) => await LimitAsync(sandbox, container, cancellationToken),
            ContainerStart.Started => effect,
            ContainerStart.Gone => null,
            _ => throw new EngineException($"no network takes container {container}", HttpStatusCode.ServiceUnavailable, null),
        };
    }

    /// <summary>Nothing runs in it yet but its agent, which does nothing before it is told to.</summary>
    private async Task<string> LimitAsync(SandboxInstance sandbox, string container, CancellationToken cancellationToken)
    {
        if (await networks.LimitAsync(sandbox, container, cancellationToken) is { } gap)
        {
            await _containers.StopAsync(container, cancellationToken);
            throw new EngineException($"lists of what it may reach cannot be put in effect: {gap}", HttpStatusCode.Forbidden, null);
        }

        return NetworkEffect.Limited;
    }
}
