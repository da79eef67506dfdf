using System.Text;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Ports;

/// <summary>Addresses that must not reach anything: spellings of ports that are none, and spellings of the proxy's path that another
/// server would take for it.</summary>
internal static class BypassCorpus
{
    private static readonly string[] Ports =
    [
        "0", "00", "08080", "008080", "02280", "+80", "-80", "-1", "80.0", "80.", ".80", "8e3", "0x50", "0o120", "0b1010", "80h", "65536",
        "65537", "99999", "100000", "4294967376", "18446744073709551696", "99999999999999999999999", "80,81", "80;81", "80:81", "80-81",
        "80%20", "%2080", "%3880", "8%30", "80%00", "%0080", "80%0a", "80%0d%0a", "80%09", "80%23", "80%3f", "80%2f", "80%2e", "NaN",
        "Infinity", "null", "true", "[80]", "{80}", "(80)", "'80'", "%2280%22", "$80", "80$", "80_80", "8_0", "%EF%BC%98%EF%BC%90",
        "%D9%A8%D9%A0", "%E0%A5%AE%E0%A5%A6", "8%EF%BC%90", "%C2%B280", "80%E2%80%8B", "%EF%BB%BF80", "localhost", "127.0.0.1",
        "127.0.0.1:80", "@80", "80@127.0.0.1", "http", "ssh", "..", ".", "%2e%2e", "*", "~", "!", "80!", "80~", "0.80", "1e1", "1E1",
    ];

    /// <summary>Where a port is written in an address.</summary>
    private static readonly string[] Places = ["proxy/port/{0}", "proxy/port/{0}/", "proxy/port/{0}/a?b=c", "proxy/a?rock_target_port={0}",
        "vnc/port/{0}/a", "vnc?rock_target_port={0}"];

    private static readonly string[] Headers =
    [
        "0", "08080", "+80", "-80", "80.0", "0x50", "65536", "99999", "80,81", "80, 81", "80;81", "80 81", "NaN", "", "localhost", "8e3",
        "%3880", "\u00b280", "80\u00a0", "127.0.0.1:80", "true", "[80]", "'80'", "80_0",
    ];

    /// <summary>Ways to write a part of the path, encoded or through another.</summary>
    private static readonly string[] Paths =
    [
        "/apis/envs/sandbox/v1/sandboxes/{0}/%70roxy/a", "/apis/envs/sandbox/v1/sandboxes/{0}/prox%79/a",
        "/apis/envs/sandbox/v1/sandboxes/{0}/proxy%2Fa", "/apis/envs/sandbox/v1/sandboxes/{0}%2Fproxy/a",
        "/apis/envs/sandbox/v1/%73andboxes/{0}/proxy/a", "/%61pis/envs/sandbox/v1/sandboxes/{0}/proxy/a",
        "/apis/envs/sandbox/v1/sandboxes/{1}/proxy/a", "/apis/envs/sandbox/v1/sandboxes/x/../{0}/proxy/a",
        "/apis/envs/sandbox/v1/./sandboxes/{0}/proxy/a", "/apis/envs/sandbox/v1/sandboxes/{0}/./proxy/a",
        "/apis/envs/sandbox/v1/sandboxes/{0}/x/../proxy/a", "/apis/envs/sandbox/v1/sandboxes/{0}/x/%2e%2e/proxy/a",
        "/apis//envs/sandbox/v1/sandboxes/{0}/proxy/a", "//apis/envs/sandbox/v1/sandboxes/{0}/proxy/a",
        "/apis/envs/sandbox/v1/sandboxes/{0}/proxy\\a", "\\apis/envs/sandbox/v1/sandboxes/{0}/proxy/a",
        "http://127.0.0.1:1/apis/envs/sandbox/v1/sandboxes/{0}/proxy/a",
        "http://elsewhere.example/apis/envs/sandbox/v1/sandboxes/{0}/proxy/a",
        "/APIS/envs/sandbox/v1/sandboxes/{0}/proxy/a", "/apis/envs/sandbox/v1/sandboxes/{0}/PROXY/a",
        "/apis/envs/sandbox/v1/sandboxes/{0}/proxy/a\u00ff", "/apis/envs/sandbox/v1/sandboxes/{0}/VNC/a",
    ];

    public static IEnumerable<(string Target, string? Header)> Addresses(string sandbox)
    {
        var below = $"{ApiServer.Rock}/sandboxes/{sandbox}/";
        foreach (var place in Places)
        {
            foreach (var port in Ports)
            {
                yield return (below + place.Replace("{0}", port, StringComparison.Ordinal), null);
            }
        }

        foreach (var header in Headers)
        {
            yield return (below + "proxy/a", header);
        }

        var encoded = string.Concat(Encoding.ASCII.GetBytes(sandbox).Select(letter => $"%{letter:x2}"));
        foreach (var path in Paths)
        {
            yield return (
                path.Replace("{0}", sandbox, StringComparison.Ordinal).Replace("{1}", encoded, StringComparison.Ordinal), null);
        }
    }
}
