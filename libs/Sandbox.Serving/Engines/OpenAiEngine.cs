using System.Collections.Immutable;

namespace Sandbox.Serving.Engines;

/// <summary>An engine that is all said by its paths.</summary>
public sealed record OpenAiEngine(string Name) : IEngine
{
    public string HealthPath { get; init; } = "/health";

    public ImmutableArray<string> Routes { get; init; } =
        ["/v1/models", "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"];
}
