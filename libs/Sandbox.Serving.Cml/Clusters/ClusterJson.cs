using System.Text.Json.Serialization;

namespace Sandbox.Serving.Cml.Clusters;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(CmlClusterState))]
[JsonSerializable(typeof(ClusterInfo))]
internal sealed partial class ClusterJson : JsonSerializerContext;
