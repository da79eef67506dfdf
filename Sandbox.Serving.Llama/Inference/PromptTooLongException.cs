namespace Sandbox.Serving.Llama.Inference;

/// <summary>The prompt leaves no room for an answer.</summary>
internal sealed class PromptTooLongException(int tokens, uint contextLength)
    : Exception($"The prompt has {tokens} tokens; the context holds {contextLength}, of which at least one is for the answer.");
