using System.Text.Json;
using LLama.Native;
using Sandbox.Serving.Llama.Inference;

namespace Sandbox.Serving.Llama.OpenAi;

/// <summary>A conversation and its next message.</summary>
internal sealed class ChatFormat : ICompletionFormat
{
    private const string Assistant = "assistant";

    public string IdPrefix => "chatcmpl-";

    public string Kind => "chat.completion";

    public string ChunkKind => "chat.completion.chunk";

    public LLamaToken[] ReadPrompt(LlamaModel model, CompletionRequest request)
    {
        if (!request.Body.TryGetProperty("messages", out var messages) || messages.ValueKind is not JsonValueKind.Array
            || messages.GetArrayLength() is 0)
        {
            throw new InvalidRequestException("messages is required and is a list that is not empty.");
        }

        return model.Tokenize(model.ApplyTemplate(messages.EnumerateArray().Select(Read).ToList()), special: true);
    }

    public object Choice(string text, string finish) =>
        new { index = 0, message = new { role = Assistant, content = text }, logprobs = (object?)null, finish_reason = finish };

    public object ChunkChoice(string text, string? finish, bool isFirst) => new
    {
        index = 0,
        delta = isFirst ? (object)new { role = Assistant, content = text } : new { content = text },
        logprobs = (object?)null,
        finish_reason = finish,
    };

    private static (string Role, string Content) Read(JsonElement message) =>
        message.ValueKind is JsonValueKind.Object
            && message.TryGetProperty("role", out var role) && role.ValueKind is JsonValueKind.String
            && message.TryGetProperty("content", out var content)
            ? (role.GetString()!, TextOf(content))
            : throw new InvalidRequestException("Each message has a role and a content.");

    /// <summary>Text, or a list of parts of which each is text.</summary>
    private static string TextOf(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!,
        JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(PartOf)),
        _ => throw new InvalidRequestException("The content of a message is text."),
    };

    private static string PartOf(JsonElement part) =>
        part.ValueKind is JsonValueKind.Object && part.TryGetProperty("text", out var text) && text.ValueKind is JsonValueKind.String
            ? text.GetString()! : throw new InvalidRequestException("This engine reads parts of text only.");
}
