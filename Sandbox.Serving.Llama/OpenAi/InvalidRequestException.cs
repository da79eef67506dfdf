namespace Sandbox.Serving.Llama.OpenAi;

/// <summary>What is wrong with a request, for the client.</summary>
internal sealed class InvalidRequestException(string message) : Exception(message);
