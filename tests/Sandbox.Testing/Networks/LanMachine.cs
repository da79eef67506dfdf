using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Xunit;

namespace Sandbox.Testing.Networks;

/// <summary>Another machine in a private network of this one: a network namespace behind a pair of interfaces, in which a web server runs.
/// Needs root, ip and busybox; skips the test elsewhere.</summary>
public sealed class LanMachine : IAsyncDisposable
{
    /// <summary>What its web server answers.</summary>
    public const string Page = "of the machine beside this one";

    private const int Port = 8000;

    private readonly string _name = $"sbt{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
    private readonly string _network = string.Create(
        CultureInfo.InvariantCulture, $"192.168.{RandomNumberGenerator.GetInt32(20, 250)}");
    private readonly TempFolder _folder = new();
    private Process? _server;

    public Uri Address => new($"http://{_network}.2:{Port}/");

    /// <summary>The same server by another address.</summary>
    public Uri OtherAddress => new($"http://{_network}.3:{Port}/");

    /// <summary>The network that both are in.</summary>
    public string Network => $"{_network}.0/24";

    public static async Task<LanMachine> StartAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a network namespace needs root");
        var machine = new LanMachine();
        try
        {
            await machine.StartServerAsync();
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Datagrams that have come for a port on which nothing listens: on this machine every UDP port.</summary>
    public async Task<long> CountDatagramsAsync()
    {
        using var cat = Process.Start(
            new ProcessStartInfo("ip", ["netns", "exec", _name, "cat", "/proc/net/snmp"]) { RedirectStandardOutput = true })!;
        var lines = (await cat.StandardOutput.ReadToEndAsync()).Split('\n').Where(line => line.StartsWith("Udp:", StringComparison.Ordinal))
            .Select(line => line.Split(' ')).ToList();
        await cat.WaitForExitAsync();
        return long.Parse(lines[1][Array.IndexOf(lines[0], "NoPorts")], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            _server.Kill(entireProcessTree: true);
            await _server.WaitForExitAsync(CancellationToken.None);
            _server.Dispose();
        }

        await ShellAsync($"ip netns del {_name} 2>/dev/null || true; ip link del {_name} 2>/dev/null || true");
        _folder.Dispose();
    }

    private async Task StartServerAsync()
    {
        await ShellAsync(
            $"""
            ip netns add {_name}
            ip link add {_name} type veth peer name eth0 netns {_name}
            ip addr add {_network}.1/24 dev {_name}
            ip link set {_name} up
            ip -n {_name} addr add {_network}.2/24 dev eth0
            ip -n {_name} addr add {_network}.3/24 dev eth0
            ip -n {_name} link set lo up
            ip -n {_name} link set eth0 up
            ip -n {_name} route add default via {_network}.1
            """);
        await File.WriteAllTextAsync(_folder.File("index.html"), Page);
        var port = Port.ToString(CultureInfo.InvariantCulture);
        _server = Process.Start("ip", ["netns", "exec", _name, "busybox", "httpd", "-f", "-p", port, "-h", _folder.Path]);
        using var http = new HttpClient();
        await Clusters.Wait.UntilAsync(
            async () =>
            {
                try
                {
                    return await http.GetStringAsync(Address) == Page;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            () => $"the web server on {Address} answers");
    }

    private static async Task ShellAsync(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-ec", script]) { RedirectStandardError = true })!;
        var said = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"a machine beside this one was to be made: {said}");
    }
}
