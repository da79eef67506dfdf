using Sandbox.Contracts.Ids;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// The one place that names containers. A second container of an incarnation is refused by its name, for each node: where several
/// nodes of a cluster share an engine, no one is ever in another's way, so that no one has a reason to remove what another made.
/// </summary>
internal static class ContainerName
{
    public static string Of(IncarnationId incarnation, WorkerOptions worker) =>
        worker.IsOnlyNode ? $"sandbox-{incarnation}" : $"sandbox-{incarnation}-{Plain(worker.NodeName)}";

    /// <summary>What an engine takes in a name.</summary>
    private static string Plain(string node) =>
        string.Concat(node.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' ? letter : '_'));
}
