namespace Sandbox.Serving.Llama;

/// <summary>Why the program cannot start, for its user.</summary>
internal sealed class LlamaStartException(string message) : Exception(message);
