using System.Text.Json.Serialization;

namespace Sandbox.Api.Rock;

/// <summary>The envelope of a route as the OpenAPI document describes it; <see cref="Envelopes"/> writes it.</summary>
/// <param name="Message">On failure the fixed failure message of the route.</param>
/// <param name="Error">On failure the reason, for people.</param>
/// <param name="Result">Null where a failure has none.</param>
internal sealed record RockEnvelope<T>(EnvelopeStatus Status, string? Message, string? Error, T? Result);

[JsonConverter(typeof(JsonStringEnumConverter<EnvelopeStatus>))]
internal enum EnvelopeStatus
{
    Success,
    Failed,
}
