using System.Text.Json.Nodes;

namespace Sandbox.Kubernetes.Objects;

/// <summary>Where a sandbox's pod comes from: a template that it is rendered from, or a pool that has it ready.</summary>
internal sealed record PodSource(string Name, bool IsPool)
{
    /// <summary>What an object says that was made before; null: it says neither.</summary>
    public static PodSource? Of(JsonObject made)
    {
        var pool = made["spec"]?["poolRef"]?.GetValue<string>();
        var template = made["metadata"]?["annotations"]?[ObjectLabels.Template]?.GetValue<string>();
        return (pool ?? template) is { } name ? new PodSource(name, IsPool: pool is not null) : null;
    }

    /// <summary>For people, for example <c>template gpu</c>.</summary>
    public override string ToString() => IsPool ? $"pool {Name}" : $"template {Name}";
}
