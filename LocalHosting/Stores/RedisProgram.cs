using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Running;

namespace Aspire.Hosting.Stores;

/// <summary>Redis from the program of this machine, without persistence. Its configuration comes over its standard input, so
/// that nobody reads the password from the list of processes.</summary>
internal sealed class RedisProgram(RedisResource redis, StateFolder state, Func<int> port) : IProgram
{
    /// <summary>Null: it can be run.</summary>
    public static string? WhyMissing { get; } = Probe();

    public async Task<Launch> PrepareAsync(int replica, CancellationToken cancellationToken) =>
        new("redis-server", ["-"], "/")
        {
            Input = $"port {port()}\nbind 127.0.0.1\nrequirepass {await PasswordAsync(cancellationToken)}\nsave \"\"\nappendonly no\ndaemonize no\ndir {state.Scratch(redis.Name)}\n",
        };

    public async Task<bool> IsReadyAsync(int replica, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync("127.0.0.1", port(), cancellationToken);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {await PasswordAsync(cancellationToken)}\r\nPING\r\nQUIT\r\n"), cancellationToken);
            return (await new StreamReader(stream).ReadToEndAsync(cancellationToken)).Contains("+PONG", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }

    private ValueTask<string?> PasswordAsync(CancellationToken cancellationToken) => redis.PasswordParameter!.GetValueAsync(cancellationToken);

    private static string? Probe()
    {
        try
        {
            using var version = Process.Start(new ProcessStartInfo("redis-server", "--version") { RedirectStandardOutput = true });
            version!.StandardOutput.ReadToEnd();
            version.WaitForExit();
            return version.ExitCode == 0 ? null : $"redis-server --version answers {version.ExitCode}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "redis-server is not installed";
        }
    }
}
