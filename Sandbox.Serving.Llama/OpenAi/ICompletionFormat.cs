using LLama.Native;
using Sandbox.Serving.Llama.Inference;

namespace Sandbox.Serving.Llama.OpenAi;

/// <summary>What differs between the two kinds of completion.</summary>
internal interface ICompletionFormat
{
    string IdPrefix { get; }

    string Kind { get; }

    string ChunkKind { get; }

    /// <exception cref="InvalidRequestException">The request has no prompt.</exception>
    LLamaToken[] ReadPrompt(LlamaModel model, CompletionRequest request);

    object Choice(string text, string finish);

    object ChunkChoice(string text, string? finish, bool isFirst);
}
