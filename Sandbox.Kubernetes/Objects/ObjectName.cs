using Sandbox.Contracts.Ids;

namespace Sandbox.Kubernetes.Objects;

/// <summary>The one place that names objects. A second one of an incarnation is refused by its name.</summary>
internal static class ObjectName
{
    public static string Of(IncarnationId incarnation) => $"sandbox-{incarnation}";
}
