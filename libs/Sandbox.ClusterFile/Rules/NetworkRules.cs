using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sandbox.Contracts.Cluster;

namespace Sandbox.ClusterFile.Rules;

/// <summary>An IPv4 network large enough for a few containers, by its own address: 172.28.0.0/16.</summary>
internal sealed class SubnetAttribute : RuleAttribute
{
    private const int Largest = 8, Smallest = 28;

    // The framework's parser refuses a network whose address has bits of a host.
    internal override string? WhyBad(object value) =>
        IPNetwork.TryParse((string)value, out var network) && network.BaseAddress.AddressFamily is AddressFamily.InterNetwork
            && network.PrefixLength is >= Largest and <= Smallest && network.ToString() == (string)value
            ? null
            : $"must be an IPv4 subnet like 172.28.0.0/16, from /{Largest} to /{Smallest}, without bits of a host";

    internal override void Describe(JsonObject schema) => schema["pattern"] = @"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$";
}

/// <summary>An IPv4 address that others can use.</summary>
internal sealed class AddressAttribute : RuleAttribute
{
    internal override string? WhyBad(object value) =>
        IPAddress.TryParse((string)value, out var address) && address.AddressFamily is AddressFamily.InterNetwork
            && address.ToString() == (string)value && !IPAddress.IsLoopback(address) && !address.Equals(IPAddress.Any)
            ? null
            : "must be an IPv4 address that is neither 0.0.0.0 nor loopback";

    internal override void Describe(JsonObject schema) => schema["format"] = "ipv4";
}

/// <summary>An IPv4 address of this machine to listen at; 0.0.0.0 is all of them.</summary>
internal sealed class ListenAddressAttribute : RuleAttribute
{
    internal override string? WhyBad(object value) =>
        IPAddress.TryParse((string)value, out var address) && address.AddressFamily is AddressFamily.InterNetwork
            && address.ToString() == (string)value
            ? null
            : "must be an IPv4 address";

    internal override void Describe(JsonObject schema) => schema["format"] = "ipv4";
}

internal sealed class HttpAddressAttribute : RuleAttribute
{
    internal override string? WhyBad(object value) =>
        Uri.TryCreate((string)value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? null
            : "must be an address like http://health:8080";

    internal override void Describe(JsonObject schema) => schema["pattern"] = "^https?://";
}

/// <summary>Where a head may be reached: a name or address, and a port.</summary>
public sealed class HostAndPortAttribute : RuleAttribute
{
    internal override string? WhyBad(object value) =>
        TryParse((string)value, out var parsed) && parsed.Port is not null ? null : "must be host:port";

    internal override void Describe(JsonObject schema) => schema["pattern"] = @"^[^\s:]+:\d+$";

    /// <summary>As a container's network knows it: by name or by IPv4.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HostAndPort? parsed) =>
        HostAndPort.TryParse(text, out parsed) && Uri.CheckHostName(parsed.Host) is UriHostNameType.Dns or UriHostNameType.IPv4;
}

/// <summary>Entries <c>host[:port]</c>, each once.</summary>
internal sealed class WhitelistEntriesAttribute : RuleAttribute
{
    internal override string? WhyBad(object value)
    {
        var entries = (List<string>)value;
        return entries.FirstOrDefault(entry => !HostAndPortAttribute.TryParse(entry, out _)) is { } bad
            ? $"must hold host or host:port, '{bad}' is neither"
            : entries.GroupBy(entry => entry, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } doubled
                ? $"must name each node once, '{doubled.Key}' is in it twice"
                : null;
    }

    internal override void Describe(JsonObject schema) =>
        schema["items"] = new JsonObject { ["type"] = "string", ["pattern"] = @"^[^\s:]+(:\d+)?$" };
}
