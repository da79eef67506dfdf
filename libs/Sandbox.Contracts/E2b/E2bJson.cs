using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <summary>Each member says its name by itself, because the names of E2B follow no one rule.</summary>
[JsonSerializable(typeof(E2bError))]
[JsonSerializable(typeof(E2bNewSandbox))]
[JsonSerializable(typeof(E2bNetwork))]
[JsonSerializable(typeof(E2bTimeout))]
[JsonSerializable(typeof(E2bSandbox))]
[JsonSerializable(typeof(E2bSandboxInfo))]
[JsonSerializable(typeof(IReadOnlyList<E2bSandboxInfo>))]
[JsonSerializable(typeof(IReadOnlyList<E2bMetric>))]
[JsonSerializable(typeof(IReadOnlyList<E2bTemplate>))]
[JsonSerializable(typeof(E2bTemplateAlias))]
public sealed partial class E2bJson : JsonSerializerContext;
