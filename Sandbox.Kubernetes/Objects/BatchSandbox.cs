using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Sandbox.Kubernetes.Objects;

/// <summary>What is read of a batch sandbox.</summary>
internal sealed class BatchSandbox : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public BatchSandboxSpec? Spec { get; set; }
}

internal sealed class BatchSandboxSpec
{
    [JsonPropertyName("poolRef")]
    public string? PoolRef { get; set; }
}

internal sealed class BatchSandboxList
{
    [JsonPropertyName("metadata")]
    public V1ListMeta Metadata { get; set; } = new();

    [JsonPropertyName("items")]
    public IList<BatchSandbox> Items { get; set; } = [];
}
