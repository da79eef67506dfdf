using System.Globalization;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>Where workers find the head, from what Cloudera ML tells of its application.</summary>
public static class HeadAddress
{
    /// <summary>The name of the head's application, which is its name in the workspace's own network.</summary>
    private const string Fallback = "ray-cluster-head";

    /// <summary>Host and port: the host of the URL, else the subdomain, else the application's name.</summary>
    public static string Of(string? url, string? subdomain, int port)
    {
        var host = HostOf(url) ?? HostOf(subdomain) ?? Fallback;
        return string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
    }

    /// <summary>Without scheme, user, port and path; null: nothing is left.</summary>
    private static string? HostOf(string? address)
    {
        var text = address?.Trim() ?? "";
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        text = scheme < 0 ? text : text[(scheme + 3)..];
        text = text.Split('/', '?', '#')[0];
        text = text[(text.LastIndexOf('@') + 1)..];
        var bracket = text.IndexOf(']', StringComparison.Ordinal);
        var port = text.IndexOf(':', bracket + 1);
        text = port < 0 ? text : text[..port];
        return text.Length == 0 ? null : text;
    }
}
