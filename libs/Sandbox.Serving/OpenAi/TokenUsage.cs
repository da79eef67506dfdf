namespace Sandbox.Serving.OpenAi;

/// <summary>How many tokens an engine says that a request took.</summary>
public sealed record TokenUsage(long PromptTokens, long CompletionTokens);
