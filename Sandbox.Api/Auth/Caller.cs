namespace Sandbox.Api.Auth;

/// <summary>Who asks, as the access gate found it out; never what a request says of itself.</summary>
/// <param name="IsAdmin">Sees and touches every tenant's, and manages tenants, keys and nodes.</param>
internal sealed record Caller(string Tenant, bool IsAdmin)
{
    /// <summary>Whoever needs no key, or holds one that the configuration names.</summary>
    public static Caller Owner { get; } = new(Domain.Stores.Tenant.Default, IsAdmin: true);

    public bool Sees(string tenant) => IsAdmin || tenant == Tenant;
}

/// <summary>The caller of the request that is being answered.</summary>
internal sealed class CurrentCaller(IHttpContextAccessor requests)
{
    public Caller Value => requests.HttpContext?.Features.Get<Caller>()
        ?? throw new InvalidOperationException("Nobody was let in: this runs outside a request, or before the access gate.");
}
