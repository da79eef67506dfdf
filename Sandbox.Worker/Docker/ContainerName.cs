using Sandbox.Contracts.Ids;

namespace Sandbox.Worker.Docker;

/// <summary>The one place that names containers. A second container of an incarnation is refused by its name.</summary>
internal static class ContainerName
{
    public static string Of(IncarnationId incarnation) => $"sandbox-{incarnation}";
}
