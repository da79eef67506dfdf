using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <summary>Every failure of the E2B API. Its clients read the code here, and not that of HTTP.</summary>
public sealed record E2bError(
    [property: JsonPropertyName("code")] int Code, [property: JsonPropertyName("message")] string Message);
