namespace Sandbox.Serving.Llama.Inference;

/// <summary>A piece of an answer.</summary>
/// <param name="Text">What follows; may be empty.</param>
/// <param name="Tokens">How many tokens were made until now.</param>
/// <param name="Finish"><c>stop</c> or <c>length</c> with the last piece; before it null.</param>
internal sealed record GenerationStep(string Text, int Tokens, string? Finish);
