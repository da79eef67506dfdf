namespace Sandbox.Domain.Models;

/// <summary>What the requests of one API key for one model took together.</summary>
/// <param name="Tenant">The key's.</param>
/// <param name="Key">The key's id.</param>
public sealed record ModelUsageEntry(
    string Tenant, string Key, string Model, long Requests, long PromptTokens, long CompletionTokens)
{
    public ModelUsageEntry With(long promptTokens, long completionTokens) => this with
    {
        Requests = Requests + 1,
        PromptTokens = PromptTokens + promptTokens,
        CompletionTokens = CompletionTokens + completionTokens,
    };
}
