using System.Text.Json;

namespace Sandbox.Serving.OpenAi;

/// <summary>What a gateway has to know of a request. The request itself is passed on as it came.</summary>
/// <param name="Model">The name that was asked for.</param>
/// <param name="IsStream">The answer is a stream of events.</param>
/// <param name="User">The user that the client names; null when it names none.</param>
/// <param name="ModelRange">Where in the body the model's name stands, with its quotation marks.</param>
/// <param name="PromptRange">Where its prompt, messages or input stand; empty without them.</param>
public sealed record RequestSummary(string Model, bool IsStream, string? User, Range ModelRange, Range PromptRange)
{
    /// <summary>The body for the model behind an alias: as it came but for the name.</summary>
    public byte[] WithModel(ReadOnlySpan<byte> body, string model) =>
        [.. body[..ModelRange.Start], .. JsonSerializer.SerializeToUtf8Bytes(model), .. body[ModelRange.End..]];
}
