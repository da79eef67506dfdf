using System.Globalization;

namespace Sandbox.Cli.Ports;

/// <summary><c>[LOCAL:]REMOTE</c>: a port of this machine that leads to one inside a sandbox.</summary>
/// <param name="Local">0: a free one.</param>
internal sealed record PortMapping(int Local, int Remote)
{
    public static PortMapping Parse(string text) =>
        text.Split(':') switch
        {
            [var remote] when PortOf(remote) is { } port and > 0 => new PortMapping(port, port),
            [var local, var remote] when PortOf(local) is { } near && PortOf(remote) is { } far and > 0 => new PortMapping(near, far),
            _ => throw new CliException($"port-forward takes [LOCAL:]REMOTE with ports from 1 to 65535, not '{text}'", ExitCodes.Usage),
        };

    private static int? PortOf(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null;
}
