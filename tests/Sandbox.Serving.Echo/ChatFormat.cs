using System.Text.Json;

namespace Sandbox.Serving.Echo;

/// <summary>Messages; the last one is repeated.</summary>
internal sealed class ChatFormat : IEchoFormat
{
    public string Kind => "chat.completion";

    public string ChunkKind => "chat.completion.chunk";

    public string PromptOf(JsonElement body) =>
        body.TryGetProperty("messages", out var messages) && messages.ValueKind is JsonValueKind.Array && messages.GetArrayLength() > 0
            && messages[messages.GetArrayLength() - 1].TryGetProperty("content", out var content)
            && content.ValueKind is JsonValueKind.String
            ? content.GetString()!
            : throw new JsonException("messages is required, and the content of the last one is text.");

    public object Choice(string text, string finish) =>
        new { index = 0, message = new { role = "assistant", content = text }, finish_reason = finish };

    public object ChunkChoice(string text, string? finish) =>
        new { index = 0, delta = new { role = "assistant", content = text }, finish_reason = finish };
}
