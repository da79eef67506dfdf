namespace Sandbox.Deployments.Images;

/// <summary>What a node knows of one image that sandboxes were started from.</summary>
/// <param name="LastUsed">When a sandbox was last started from it, to within an hour.</param>
/// <param name="PulledFor">The tenant whose start brought it to the engine; null: it was there before.</param>
/// <param name="Grants">Pulls of it that its registry allowed.</param>
internal sealed record ImageRecord(DateTimeOffset LastUsed, string? PulledFor, IReadOnlyList<ImageGrant> Grants);

/// <param name="Credentials">Keyed hash of what the registry was shown; empty: nothing.</param>
internal sealed record ImageGrant(string Tenant, string Credentials);
