using System.Collections.Immutable;

namespace Sandbox.Serving.Llama.Inference;

/// <summary>How a prompt is continued.</summary>
internal sealed record GenerationOptions
{
    /// <summary>Tokens at most; null: as many as the context holds.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>0: always the likeliest token.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Only the likeliest tokens that have this probability together.</summary>
    public float TopP { get; init; } = 1;

    public uint Seed { get; init; }

    /// <summary>Texts before the first of which the answer ends.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];
}
