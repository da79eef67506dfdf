using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;

namespace Sandbox.Api.Envd;

/// <summary>Finds out whether a request goes into a sandbox: by the headers of E2B's clients, or by the name of the host,
/// <c>PORT-ID.domain</c>. With headers the port of envd stands only for envd's own paths; other requests with it are this
/// server's.</summary>
internal sealed class SandboxAddressMiddleware(RequestDelegate next, IOptions<E2bOptions> options)
{
    private const string SandboxHeader = "E2b-Sandbox-Id";
    private const string PortHeader = "E2b-Sandbox-Port";

    private readonly string? _suffix = options.Value.Domain is { Length: > 0 } domain ? "." + domain : null;

    public Task InvokeAsync(HttpContext http)
    {
        if ((ByHost(http.Request.Host.Host) ?? ByHeaders(http.Request)) is { } address)
        {
            http.Features.Set(address);
        }

        return next(http);
    }

    private SandboxAddress? ByHost(string host)
    {
        if (_suffix is null || !host.EndsWith(_suffix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var label = host[..^_suffix.Length];
        return label.IndexOf('-', StringComparison.Ordinal) is > 0 and var dash && label[..dash].All(char.IsAsciiDigit)
            && !label.Contains('.', StringComparison.Ordinal)
            ? new SandboxAddress(label[(dash + 1)..], label[..dash], IsHost: true) : null;
    }

    private static SandboxAddress? ByHeaders(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(SandboxHeader, out var sandbox))
        {
            return null;
        }

        var port = request.Headers.TryGetValue(PortHeader, out var named) ? named.ToString() : SandboxAddress.EnvdPort;
        var address = new SandboxAddress(sandbox.ToString(), port, IsHost: false);
        return !address.IsEnvd || EnvdPaths.Contains(request.Path) ? address : null;
    }
}
