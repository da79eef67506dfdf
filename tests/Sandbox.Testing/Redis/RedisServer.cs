using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Sandbox.Testing.Redis;

/// <summary>A throw-away Redis on a Unix socket of its own, without persistence. It can be stopped, started again, paused and
/// flushed, past the code under test.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly Lazy<string?> Missing = new(Probe);

    private readonly TempFolder _folder = new();
    private Process? _process;

    /// <summary>Of the server.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The server does not run.");

    /// <summary>As a connection string names it.</summary>
    public string ConnectionString => $"!{Socket}";

    private string Socket => _folder.File("redis.sock");

    /// <summary>Skips the test where Redis is missing.</summary>
    public static async Task<RedisServer> StartAsync()
    {
        var server = Absent();
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>One that does not run yet.</summary>
    public static RedisServer Absent()
    {
        Assert.SkipWhen(Missing.Value is not null, Missing.Value ?? "");
        return new RedisServer();
    }

    public async Task StartAgainAsync()
    {
        _process = Process.Start(new ProcessStartInfo("redis-server")
        {
            ArgumentList =
                { "--port", "0", "--unixsocket", Socket, "--save", "", "--appendonly", "no", "--dir", _folder.Path, "--daemonize", "no" },
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("redis-server did not start");
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            // The line it prints when its socket is open.
            if (line.Contains("ready to accept connections", StringComparison.OrdinalIgnoreCase))
            {
                _ = _process.StandardOutput.ReadToEndAsync();
                return;
            }
        }

        throw new InvalidOperationException("redis-server ended before it was ready");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <summary>SIGSTOP: its connections stay, and nothing answers.</summary>
    public void Pause() => Signal("STOP");

    /// <summary>SIGCONT.</summary>
    public void Continue() => Signal("CONT");

    public Task FlushAsync() => CommandAsync("FLUSHALL");

    /// <summary>How many keys match.</summary>
    public async Task<int> CountAsync(string pattern) =>
        (await CommandAsync($"KEYS {pattern}")).Split('\n').Count(line => line.StartsWith('$'));

    /// <summary>One command as a line of text; the answer as it came.</summary>
    public async Task<string> CommandAsync(string command)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{command}\r\nQUIT\r\n"));
        using var reader = new StreamReader(stream);
        return (await reader.ReadToEndAsync()).ReplaceLineEndings("\n");
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
    }

    private static string? Probe()
    {
        try
        {
            using var version = Process.Start(new ProcessStartInfo("redis-server", "--version") { RedirectStandardOutput = true });
            version!.WaitForExit();
            return version.ExitCode == 0 ? null : $"needs Redis: redis-server --version answers {version.ExitCode}";
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return $"needs Redis: redis-server cannot be run: {exception.Message}";
        }
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
