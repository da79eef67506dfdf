namespace Sandbox.Domain.Stores;

/// <summary>An image under a name, with what its tenant says of it: an entry of ROCK's EnvHub.</summary>
/// <param name="Tenant">Whose it is; names are unique within a tenant.</param>
public sealed record RegisteredEnvironment(string Tenant, string Name, string Image)
{
    /// <summary>Descriptive; it identifies nobody.</summary>
    public string Owner { get; init; } = "";

    public string Description { get; init; } = "";

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>A JSON object as text, kept as it was given; null: none.</summary>
    public string? ExtraSpec { get; init; }

    /// <summary>When the name was registered first.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}
