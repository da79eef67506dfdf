namespace Sandbox.Contracts.Management;

/// <summary>Body of <c>POST /api/v1/keys</c>.</summary>
/// <param name="Tenant">Null: <c>default</c>.</param>
/// <param name="ExpiresAt">Null: never.</param>
public sealed record KeyRequest(string? Tenant = null, bool Admin = false, string? Note = null, DateTimeOffset? ExpiresAt = null)
{
    /// <summary><c>rollout:read</c>, <c>rollout:run</c>, <c>rollout:approve</c>; null: none.</summary>
    public IReadOnlyList<string>? Permissions { get; init; }
}

/// <summary>A key without its secret, which only its owner has.</summary>
public sealed record KeyResult(
    string Id, string Tenant, bool Admin, string Note, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt)
{
    /// <summary>What it may do beside what its tenant and being an admin's allow. Null: the server knows none.</summary>
    public IReadOnlyList<string>? Permissions { get; init; }
}

/// <summary>The only answer that ever holds the secret.</summary>
public sealed record NewKeyResult(string Id, string Tenant, bool Admin, string Note, DateTimeOffset? ExpiresAt, string Secret)
{
    public IReadOnlyList<string>? Permissions { get; init; }

    /// <summary>Without the secret: a log that it is printed into has none.</summary>
    public override string ToString() => $"{nameof(NewKeyResult)} {Id}";
}
