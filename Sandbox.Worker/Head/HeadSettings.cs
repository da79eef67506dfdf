using System.Globalization;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Heads;

namespace Sandbox.Worker.Head;

/// <summary>The variables by which a node decides whether it is head or worker, under the names of source document 004.</summary>
internal sealed record HeadSettings
{
    private const string WhitelistKey = "HEAD_WHITELIST";
    private const string UrlKey = "HEALTH_URL";
    public const string JoinTokenKey = "JOIN_TOKEN";
    private const string DefaultUrl = "http://health:8080";

    public required HeadWhitelist Whitelist { get; init; }

    /// <summary>Instances of the health service, asked in this order.</summary>
    public required IReadOnlyList<Uri> HealthUrls { get; init; }

    public required TimeSpan HealthTimeout { get; init; }

    /// <summary>Attempts in all; 0: it counts as unreachable.</summary>
    public required int HealthMaxRetries { get; init; }

    public required TimeSpan HealthRetryInterval { get; init; }

    public required TimeSpan DiscoveryTimeout { get; init; }

    /// <summary>Tries, a second apart.</summary>
    public required int WaitForHead { get; init; }

    public required HeadAddress? HeadAddress { get; init; }

    public required HeadAddress? ConfiguredHead { get; init; }

    /// <summary>0: any free one.</summary>
    public required int HeadPort { get; init; }

    /// <summary>Where others reach the head port, if not at its own number: what a container's host publishes it as. 0: the same.</summary>
    public required int PublishedHeadPort { get; init; }

    public required int DashboardPort { get; init; }

    public required int ClientPort { get; init; }

    /// <summary>What others are told to reach this node by; empty: as they reach its internal port.</summary>
    public required string NodeIpAddress { get; init; }

    /// <summary>Proves this node to the health service, once, instead of the cluster's secret. Never logged.</summary>
    public required string JoinToken { get; init; }

    /// <summary>Without both variables the node decides nothing here: the head is the node that holds the lease.</summary>
    public static bool AreGiven(IConfiguration settings) =>
        !string.IsNullOrWhiteSpace(settings[WhitelistKey]) || !string.IsNullOrWhiteSpace(settings[UrlKey]);

    /// <exception cref="OptionsValidationException">With every variable that cannot be, by its name.</exception>
    public static HeadSettings Read(IConfiguration settings)
    {
        var reader = new Reader(settings);
        var headPort = reader.Port(Domain.Heads.HeadAddress.DefaultPort, least: 0, "HEAD_PORT", "RAY_HEAD_PORT");
        var addressPort = headPort > 0 ? headPort : Domain.Heads.HeadAddress.DefaultPort;
        var read = new HeadSettings
        {
            Whitelist = reader.Whitelist(WhitelistKey)!,
            HealthUrls = reader.Urls(UrlKey, DefaultUrl),
            HealthTimeout = reader.Seconds("HEALTH_TIMEOUT", 1, least: 0.001),
            HealthMaxRetries = reader.Number("HEALTH_MAX_RETRIES", 3),
            HealthRetryInterval = reader.Seconds("HEALTH_RETRY_INTERVAL", 0.5, least: 0),
            DiscoveryTimeout = reader.Seconds("DISCOVERY_TIMEOUT", 2, least: 0.001),
            WaitForHead = reader.Number("WAIT_FOR_HEAD", 60),
            HeadAddress = reader.Address("HEAD_ADDRESS", addressPort),
            ConfiguredHead = reader.Address("HEAD_ADDRESS_CFG", addressPort),
            HeadPort = headPort,
            PublishedHeadPort = reader.Port(0, least: 0, "HEAD_PUBLISHED_PORT"),
            DashboardPort = reader.Port(8265, least: 1, "DASHBOARD_PORT", "RAY_DASHBOARD_PORT"),
            ClientPort = reader.Port(10001, least: 1, "CLIENT_PORT", "RAY_CLIENT_PORT"),
            NodeIpAddress = settings["NODE_IP_ADDRESS"]?.Trim() ?? "",
            JoinToken = settings[JoinTokenKey]?.Trim() ?? "",
        };
        return reader.Problems.Count == 0
            ? read : throw new OptionsValidationException(nameof(HeadSettings), typeof(HeadSettings), reader.Problems);
    }

    /// <summary>Reads one variable after the other and keeps what is wrong with each.</summary>
    private sealed class Reader(IConfiguration settings)
    {
        private const double MostSeconds = 86_400;

        public List<string> Problems { get; } = [];

        public HeadWhitelist? Whitelist(string key)
        {
            if (!HeadWhitelist.TryParse(settings[key], out var whitelist, out var problem))
            {
                Problems.Add($"{key}: {problem}.");
            }

            return whitelist;
        }

        public List<Uri> Urls(string key, string otherwise)
        {
            var urls = new List<Uri>();
            foreach (var word in Text(key, otherwise).Split([' ', ',', ';'], StringSplitOptions.RemoveEmptyEntries))
            {
                if (Uri.TryCreate(word, UriKind.Absolute, out var url)
                    && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps))
                {
                    urls.Add(url);
                }
                else
                {
                    Problems.Add($"{key}: must be like {DefaultUrl}, or several with spaces between them.");
                }
            }

            return urls;
        }

        public TimeSpan Seconds(string key, double otherwise, double least)
        {
            var isNumber = double.TryParse(Text(key, $"{otherwise}"), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds);
            if (!isNumber || !(seconds >= least && seconds <= MostSeconds))
            {
                Problems.Add($"{key}: seconds, {least.ToString(CultureInfo.InvariantCulture)} to {MostSeconds}.");
                seconds = otherwise;
            }

            return TimeSpan.FromSeconds(seconds);
        }

        public int Number(string key, int otherwise)
        {
            if (!int.TryParse(Text(key, $"{otherwise}"), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                Problems.Add($"{key}: a whole number, 0 or more.");
            }

            return number;
        }

        public int Port(int otherwise, int least, params string[] keys)
        {
            var key = keys.FirstOrDefault(name => !string.IsNullOrWhiteSpace(settings[name])) ?? keys[0];
            if (!int.TryParse(Text(key, $"{otherwise}"), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port < least
                || port > ushort.MaxValue)
            {
                Problems.Add($"{key}: a port, {least} to {ushort.MaxValue}.");
            }

            return port;
        }

        public HeadAddress? Address(string key, int port)
        {
            if (Text(key, "") is not { Length: > 0 } text)
            {
                return null;
            }

            if (!Domain.Heads.HeadAddress.TryParse(text, port, out var address))
            {
                Problems.Add($"{key}: must be host or host:port.");
            }

            return address;
        }

        private string Text(string key, string otherwise) =>
            settings[key] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : otherwise;
    }
}
