using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.Docker.Resources.ServiceNodes;

namespace AppHost;

/// <summary>What a node is told about the machine it runs on.</summary>
internal static class Nodes
{
    private const string EngineSocket = "/var/run/docker.sock";

    /// <summary>A process of this machine, with a folder and the agents of this repository.</summary>
    /// <param name="scratch">Folder for what is not kept; null: a folder of the user's own for this clone.</param>
    public static IResourceBuilder<ProjectResource> AsLocalNode(this IResourceBuilder<ProjectResource> node, string? scratch)
    {
        var appHost = node.ApplicationBuilder.AppHostDirectory;
        var artifacts = Path.GetFullPath("../artifacts", appHost);
        // Short, because sockets live below it.
        var folder = scratch ?? Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
            "sandbox-nodes", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(appHost)))[..8]);
        return node
            .WithEnvironment("Worker__DataFolder", Path.Combine(folder, node.Resource.Name))
            .WithEnvironment("Worker__AgentFolder", Path.Combine(artifacts, "agent"))
            .WithEnvironment("Worker__ManagedAgent", Path.Combine(artifacts, "agent-managed", "sandbox-agent.dll"));
    }

    /// <summary>A container: with compose beside an engine, whose socket and data folder it shares at the same paths.</summary>
    public static IResourceBuilder<ProjectResource> AsPublishedNode(this IResourceBuilder<ProjectResource> node, string? target)
    {
        var folder = $"/var/lib/sandbox/{node.Resource.Name}";
        node.WithHttpEndpoint(targetPort: 8090, name: "roads", env: "ROADS_PORT")
            .WithEnvironment("Worker__Listen", "0.0.0.0:8090")
            .WithEnvironment("Worker__DataFolder", folder)
            .WithEnvironment("Worker__AgentFolder", "/app/agent");
        return target is not "compose"
            ? node
            : node.PublishAsDockerComposeService((_, service) => service
                .AddVolume(new Volume { Name = "engine", Type = "bind", Source = EngineSocket, Target = EngineSocket, ReadOnly = false })
                .AddVolume(new Volume { Name = "data", Type = "bind", Source = folder, Target = folder, ReadOnly = false }));
    }
}
