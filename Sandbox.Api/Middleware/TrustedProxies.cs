using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;

namespace Sandbox.Api.Middleware;

/// <summary>Whose word is taken for the address and the scheme of a client: the proxies of <see cref="ApiOptions.TrustedProxies"/>, and
/// nobody else's.</summary>
internal static class TrustedProxies
{
    public static void UseTrustedProxies(this WebApplication app)
    {
        var proxies = app.Services.GetRequiredService<IOptions<ApiOptions>>().Value.TrustedProxies;
        if (proxies.Count == 0)
        {
            return;
        }

        // As many proxies in a row as are named: each is checked.
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            options.KnownIPNetworks.Add(ProxyNetwork.Parse(proxy)!.Value);
        }

        app.UseForwardedHeaders(options);
    }
}
