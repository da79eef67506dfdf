using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Cml.Configuration;

/// <summary>Where a Cloudera ML workspace is, and the key for it.</summary>
public sealed record CmlConnection
{
    private CmlConnection(Uri host, Secret apiKey) => (Host, ApiKey) = (host, apiKey);

    /// <summary>Scheme, name and port; no path.</summary>
    public Uri Host { get; }

    public Secret ApiKey { get; }

    /// <param name="host">An address, or a name, which means https.</param>
    /// <exception cref="CmlConfigurationException">One is missing, or the key would be sent without TLS.</exception>
    public static CmlConnection Create(string host, string apiKey)
    {
        var address = host.Contains("://", StringComparison.Ordinal) ? host : "https://" + host;
        if (host.Length == 0 || !Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
        {
            throw new CmlConfigurationException($"the host of Cloudera ML is no address: '{host}'");
        }

        // The key is worth all that its user may do.
        if (uri.Scheme is "http" && !uri.IsLoopback)
        {
            throw new CmlConfigurationException($"the host of Cloudera ML must be asked by https: '{host}'");
        }

        if (apiKey.Length == 0 || apiKey.Any(c => c is < '!' or > '~'))
        {
            throw new CmlConfigurationException("the API key of Cloudera ML is missing, or has characters that no header may have");
        }

        return new CmlConnection(new Uri(uri.GetLeftPart(UriPartial.Authority)), new Secret(apiKey));
    }
}
