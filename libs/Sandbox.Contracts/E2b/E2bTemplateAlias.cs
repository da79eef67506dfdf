using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <summary>That there is a template of this name.</summary>
public sealed record E2bTemplateAlias(
    [property: JsonPropertyName("templateID")] string TemplateId, [property: JsonPropertyName("public")] bool IsPublic);
