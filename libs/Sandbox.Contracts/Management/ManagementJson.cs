using System.Text.Json.Serialization;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Rock;

namespace Sandbox.Contracts.Management;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TenantRequest))]
[JsonSerializable(typeof(QuotaMessage))]
[JsonSerializable(typeof(TenantResult))]
[JsonSerializable(typeof(IReadOnlyList<TenantResult>))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(NewKeyResult))]
[JsonSerializable(typeof(IReadOnlyList<KeyResult>))]
[JsonSerializable(typeof(IReadOnlyList<DeadLetterResult>))]
[JsonSerializable(typeof(IReadOnlyList<NodeResult>))]
[JsonSerializable(typeof(JoinTokenRequest))]
[JsonSerializable(typeof(JoinTokenResult))]
[JsonSerializable(typeof(IReadOnlyList<JoinTokenEntry>))]
[JsonSerializable(typeof(EgressMessage))]
[JsonSerializable(typeof(UsageResult))]
[JsonSerializable(typeof(DiagnosticsResult))]
[JsonSerializable(typeof(LifecycleEvent))]
[JsonSerializable(typeof(MissedEvents))]
[JsonSerializable(typeof(ProblemMessage))]
public sealed partial class ManagementJson : JsonSerializerContext;
