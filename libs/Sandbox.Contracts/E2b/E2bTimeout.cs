using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <param name="Timeout">Seconds from now.</param>
public sealed record E2bTimeout([property: JsonPropertyName("timeout")] int? Timeout = null);
