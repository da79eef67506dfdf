using System.Net.Sockets;
using System.Text;

namespace Sandbox.Api.Tests.Ports;

/// <summary>A request byte for byte as a test writes it, which no client library would send.</summary>
internal static class RawExchange
{
    /// <returns>All that came back, up to the end of the connection.</returns>
    public static async Task<string> AskAsync(Uri server, string target, string? portHeader, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancellationToken);
        await using var stream = client.GetStream();
        var header = portHeader is null ? "" : $"X-ROCK-Target-Port: {portHeader}\r\n";
        await stream.WriteAsync(
            Encoding.Latin1.GetBytes($"GET {target} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n{header}\r\n"),
            cancellationToken);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
