namespace Sandbox.Contracts.Management;

/// <summary>What the requests of one API key for one model took together, as engines told it.</summary>
/// <param name="Key">The key's id, as in the list of keys.</param>
/// <param name="Requests">Those that an engine got.</param>
public sealed record ModelUsageResult(string Key, string Model, long Requests, long PromptTokens, long CompletionTokens)
{
    /// <summary>Whose key it is; null: the server does not say.</summary>
    public string? Tenant { get; init; }
}
