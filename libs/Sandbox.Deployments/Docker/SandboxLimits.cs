using System.Net;
using Docker.DotNet.Models;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Networks;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Docker;

/// <summary>Keeps the table of limited sandboxes in step with their records and with the addresses that the engine gives them.</summary>
internal sealed class SandboxLimits(EgressTable table, EngineContainers containers, string networks)
{
    public static bool IsLimited(SandboxSpec spec) => spec.Egress is { IsOpen: false };

    /// <summary>Takes the lists of a sandbox that runs into the table, or out of it where it has none any more.</summary>
    /// <param name="container">Its name.</param>
    /// <returns>Whether rules follow.</returns>
    /// <exception cref="EngineException">The engine does not answer, or the container is in none of our networks.</exception>
    public async Task<bool> TrySetAsync(SandboxInstance sandbox, string container, CancellationToken cancellationToken)
    {
        if (!IsLimited(sandbox.Spec))
        {
            return table.Remove(sandbox.Incarnation);
        }

        var address = table.AddressOf(sandbox.Incarnation)
            ?? AddressIn((await containers.FindAsync(container, cancellationToken))?.NetworkSettings?.Networks)
            ?? throw new EngineException(
                $"container {container} is in none of the networks of this node; restart the sandbox", HttpStatusCode.Conflict, null);
        return table.TrySet(sandbox.Incarnation, address, sandbox.Spec.Egress!);
    }

    /// <summary>Notes which addresses the node's containers have, and which of them do not run any more.</summary>
    /// <param name="asked">When the engine was asked: what was set since then it could not know.</param>
    public void Note(IEnumerable<ContainerListResponse> listed, long asked)
    {
        var running = new Dictionary<IncarnationId, IPAddress>();
        foreach (var container in listed.Where(container => container.State is "running" or "paused"))
        {
            if (container.Labels?.TryGetValue(ContainerLabels.Incarnation, out var text) is true
                && IncarnationId.TryParse(text, null, out var incarnation)
                && AddressIn(container.NetworkSettings?.Networks) is { } address)
            {
                running[incarnation] = address;
            }
        }

        table.Keep(running, asked);
    }

    private IPAddress? AddressIn(IDictionary<string, EndpointSettings>? joined) => (joined ?? new Dictionary<string, EndpointSettings>())
        .Where(network => network.Key.StartsWith(networks, StringComparison.Ordinal))
        .Select(network => IPAddress.TryParse(network.Value.IPAddress, out var address) ? address : null)
        .FirstOrDefault(address => address is not null);
}
