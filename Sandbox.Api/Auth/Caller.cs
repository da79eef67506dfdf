namespace Sandbox.Api.Auth;

/// <summary>The caller, as authentication found it out; never what a request says of itself.</summary>
/// <param name="IsAdmin">Sees and touches every tenant's, and manages tenants, keys and nodes.</param>
internal sealed record Caller(string Tenant, bool IsAdmin)
{
    /// <summary>A caller that needs no key, or has one that the configuration names.</summary>
    public static Caller Owner { get; } = new(Domain.Stores.Tenant.Default, IsAdmin: true);

    public bool Sees(string tenant) => IsAdmin || tenant == Tenant;
}

/// <summary>The caller of the request that is being answered.</summary>
internal sealed class CurrentCaller(IHttpContextAccessor requests)
{
    public Caller Value => requests.HttpContext?.Features.Get<Caller>()
        ?? throw new InvalidOperationException(
            "No caller is authenticated: this runs outside a request, or before the authentication middleware.");
}
