using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Sandbox.Api.Auth;
using Sandbox.Contracts.Cluster;

namespace Sandbox.Api.Management;

/// <summary>What is in effect of what this API itself promises: who is let in, and what others on the way can read.</summary>
internal sealed class ServerDiagnostics(IServer server, ConfiguredApiKeys configured, ApiKeyCache keys)
{
    public async Task<IReadOnlyList<DiagnosticCheck>> CheckAsync(CancellationToken cancellationToken) =>
    [
        DiagnosticCheck.Good("version", typeof(ServerDiagnostics).Assembly.GetName().Version?.ToString(3) ?? ""),
        !configured.IsEmpty || await keys.AnyAsync(cancellationToken)
            ? DiagnosticCheck.Good("callers", "each shows a key")
            : DiagnosticCheck.Good("callers", "without keys: programs of this server's user on its machine, and no others"),
        Transport(),
    ];

    private DiagnosticCheck Transport()
    {
        // A Unix socket is this machine's, and stands there as if it were a host's name.
        var addresses = (server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
            .Where(address => !address.Contains("//unix:", StringComparison.Ordinal)).ToList();
        var open = addresses.Where(
            address => Uri.TryCreate(address, UriKind.Absolute, out var url) && url is { Scheme: "http", IsLoopback: false }).ToList();
        return open.Count > 0
            ? DiagnosticCheck.Warn(
                "tls", $"none at {string.Join(", ", open)}: everyone on the way can read keys and what sandboxes say",
                "give it a certificate, or let only a proxy that has one reach it (docs/tls.md)")
            : DiagnosticCheck.Good(
                "tls", addresses.Count > 0
                    ? $"nothing readable leaves this machine: {string.Join(", ", addresses)}" : "only a Unix socket listens");
    }
}
