using System.Text.Json;

namespace Sandbox.Serving.Echo;

/// <summary>A prompt and its continuation.</summary>
internal sealed class CompletionFormat : IEchoFormat
{
    public string Kind => "text_completion";

    public string ChunkKind => Kind;

    public string PromptOf(JsonElement body) => body.TryGetProperty("prompt", out var prompt) && prompt.ValueKind is JsonValueKind.String
        ? prompt.GetString()!
        : throw new JsonException("prompt is required and is text.");

    public object Choice(string text, string finish) => new { index = 0, text, finish_reason = finish };

    public object ChunkChoice(string text, string? finish) => new { index = 0, text, finish_reason = finish };
}
