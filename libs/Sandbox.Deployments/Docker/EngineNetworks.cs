using System.Net;
using Docker.DotNet.Models;

namespace Sandbox.Deployments.Docker;

/// <summary>The engine's networks, each verb with the answers that are not failures.</summary>
internal sealed class EngineNetworks(EngineConnection engine)
{
    /// <summary>All that carry a label with this value.</summary>
    public Task<IList<NetworkResponse>> ListAsync(string label, string value, CancellationToken cancellationToken) =>
        ListAsync($"{label}={value}", cancellationToken);

    /// <summary>All that carry a label.</summary>
    public Task<IList<NetworkResponse>> ListAsync(string label, CancellationToken cancellationToken)
    {
        var ours = new NetworksListParameters
        {
            Filters =
                new Dictionary<string, IDictionary<string, bool>>
                {
                    ["label"] = new Dictionary<string, bool> { [label] = true },
                },
        };
        return engine.CallAsync(
            "network_list", (client, token) => client.Networks.ListNetworksAsync(ours, token), EngineConnection.Answer, cancellationToken);
    }

    /// <summary>False when its addresses, or its name, are taken by another network.</summary>
    public async Task<bool> TryCreateAsync(NetworksCreateParameters parameters, CancellationToken cancellationToken)
    {
        try
        {
            await engine.CallAsync(
                "network_create", (client, token) =>
                    client.Networks.CreateNetworkAsync(parameters, token), EngineConnection.Answer, cancellationToken);
            return true;
        }
        catch (EngineException refused)
            when (refused.Status is HttpStatusCode.Conflict || refused.Message.Contains("overlap", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }
    }

    /// <summary>True once it is gone; false while something runs in it.</summary>
    public async Task<bool> TryRemoveAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await engine.CallAsync(
                "network_remove", (client, token) =>
                    client.Networks.DeleteNetworkAsync(name, token), EngineConnection.Answer, cancellationToken);
            return true;
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return true;
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.Forbidden or HttpStatusCode.Conflict)
        {
            return false;
        }
    }

    /// <summary>Takes a container that does not run out of a network, there or not, and puts it into another.</summary>
    public async Task MoveAsync(string container, string from, string to, CancellationToken cancellationToken)
    {
        var leave = new NetworkDisconnectParameters { Container = container, Force = true };
        await engine.CallAsync(
            "network_disconnect", (client, token) =>
                client.Networks.DisconnectNetworkAsync(from, leave, token), EngineConnection.Answer, cancellationToken);
        var join = new NetworkConnectParameters { Container = container };
        await engine.CallAsync(
            "network_connect", (client, token) =>
                client.Networks.ConnectNetworkAsync(to, join, token), EngineConnection.Answer, cancellationToken);
    }
}
