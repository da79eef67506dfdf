using Sandbox.Domain.Stores;

namespace Sandbox.Api.Auth;

/// <summary>The caller, as authentication found it out; never what a request says of itself.</summary>
/// <param name="IsAdmin">Sees and touches every tenant's, and manages tenants, keys and nodes.</param>
internal sealed record Caller(string Tenant, bool IsAdmin)
{
    /// <summary>A caller that needs no key.</summary>
    public static Caller Owner { get; } = new(Domain.Stores.Tenant.Default, IsAdmin: true)
    {
        Key = "owner",
        Permissions = Permission.All,
    };

    /// <summary>Names the key.</summary>
    public string Key { get; init; } = "";

    /// <summary>What the key is for, as was said when it was made.</summary>
    public string Note { get; init; } = "";

    /// <summary>Of <see cref="Permission.All"/>.</summary>
    public IReadOnlyList<string> Permissions { get; init; } = [];

    /// <summary>A caller with a key that the configuration names.</summary>
    /// <param name="hash">The key's SHA-256.</param>
    public static Caller OfConfiguredKey(ReadOnlySpan<byte> hash) =>
        Owner with { Key = $"configured key {Convert.ToHexStringLower(hash[..4])}" };

    public static Caller Of(ApiKey key) => new(key.Tenant, key.IsAdmin)
    {
        Key = key.Id,
        Note = key.Note,
        Permissions = key.Permissions,
    };

    /// <summary>Who it is, for a log of who did what: different for each key.</summary>
    public string Name => Note.Length > 0 ? $"{Key} ({Note})" : Key;

    public bool May(string permission) => Permission.Allows(Permissions, permission);

    public bool Sees(string tenant) => IsAdmin || tenant == Tenant;
}

/// <summary>The caller of the request that is being answered.</summary>
internal sealed class CurrentCaller(IHttpContextAccessor requests)
{
    public Caller Value => requests.HttpContext?.Features.Get<Caller>()
        ?? throw new InvalidOperationException(
            "No caller is authenticated: this runs outside a request, or before the authentication middleware.");
}
