using System.Text.Json;
using LLama.Native;
using Sandbox.Serving.Llama.Inference;

namespace Sandbox.Serving.Llama.OpenAi;

/// <summary>A prompt and its continuation.</summary>
internal sealed class TextFormat : ICompletionFormat
{
    public string IdPrefix => "cmpl-";

    public string Kind => "text_completion";

    public string ChunkKind => Kind;

    public LLamaToken[] ReadPrompt(LlamaModel model, CompletionRequest request) =>
        request.Body.TryGetProperty("prompt", out var prompt) && prompt.ValueKind is JsonValueKind.String
            ? model.Tokenize(prompt.GetString()!, special: false)
            : throw new InvalidRequestException("prompt is required and is text.");

    public object Choice(string text, string finish) => new { index = 0, text, logprobs = (object?)null, finish_reason = finish };

    public object ChunkChoice(string text, string? finish, bool isFirst) =>
        new { index = 0, text, logprobs = (object?)null, finish_reason = finish };
}
