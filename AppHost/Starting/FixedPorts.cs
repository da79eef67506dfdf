using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;

namespace AppHost.Starting;

/// <summary>Ports that were asked for by number: Aspire starts without those that are taken, and nobody is told.</summary>
internal static class FixedPorts
{
    private static readonly (string Key, string Use)[] Dashboard =
    [
        ("ASPNETCORE_URLS", "the dashboard"),
        ("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "the dashboard's telemetry"),
        ("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", "the dashboard's resources"),
    ];

    /// <exception cref="DistributedApplicationException">One is taken.</exception>
    public static void Check(DistributedApplicationModel model, IConfiguration configuration)
    {
        if (configuration.GetValue<bool>("DcpPublisher:RandomizePorts"))
        {
            return; // a test's: no number stands
        }

        var endpoints = model.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>(), (resource, endpoint) => (
            endpoint.Port, Use: $"endpoint '{endpoint.Name}' of '{resource.Name}'"));
        var urls = Dashboard.SelectMany(
            setting => (configuration[setting.Key] ?? "")
                .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            (setting, url) => (Port: Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.Port : (int?)null, setting.Use));
        var taken = endpoints.Concat(urls)
            .Where(one => one.Port is > 0 && IsTaken(one.Port.Value))
            .Select(one => $"port {one.Port} ({one.Use}) is taken")
            .ToList();
        if (taken.Count > 0)
        {
            throw new DistributedApplicationException(
                $"{string.Join("; ", taken)}. End what listens there (ss -ltnp shows it), or choose others: "
                + "--api-port N, and AppHost/Properties/launchSettings.json for the dashboard's.");
        }
    }

    private static bool IsTaken(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
