using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Sandbox.Testing.Clusters;
using Xunit;

namespace Sandbox.Testing;

/// <summary>
/// An engine of the test's own: its own containerd, socket, folders and process ids, no bridge and no firewall rules, and the
/// small test image in it. It can be restarted without anybody else noticing. Everything it started ends with it.
/// </summary>
public sealed class PrivateEngine : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly bool _mapsUsers;
    private Process? _containerd, _engine;

    private PrivateEngine(bool mapsUsers) => _mapsUsers = mapsUsers;

    /// <summary>Null when this machine can have one.</summary>
    public static string? WhyMissing { get; } =
        DockerEngine.WhyMissing ?? (Environment.IsPrivilegedProcess ? File.Exists("/usr/sbin/dockerd") || File.Exists("/usr/bin/dockerd")
            ? null : "needs dockerd on this machine" : "needs root, for an engine of its own");

    /// <summary>Null when this machine can have one that maps users: it makes a user of its own for that.</summary>
    public static string? WhyNoUserNamespaces { get; } = WhyMissing
        ?? (File.Exists("/usr/sbin/useradd") || File.Exists("/usr/sbin/adduser") ? null : "needs useradd or adduser, for the engine")
        ?? (File.Exists("/proc/self/uid_map") ? null : "needs user namespaces in the kernel");

    /// <summary>Path of its socket.</summary>
    public string Socket => _folder.File("d.sock");

    private string Log => _folder.File("dockerd.log");

    /// <param name="mapsUsers">Root in its containers is a user of this machine without rights (<c>--userns-remap</c>).</param>
    public static async Task<PrivateEngine> StartAsync(bool liveRestore, bool mapsUsers = false)
    {
        var missing = mapsUsers ? WhyNoUserNamespaces : WhyMissing;
        Assert.SkipWhen(missing is not null, missing ?? "");
        await DockerTestImage.EnsureAsync();
        var engine = new PrivateEngine(mapsUsers);
        try
        {
            // A mapped root has to get through to the engine's folders below.
            await ShellAsync($"chmod {(mapsUsers ? "711" : "700")} {engine._folder.Path}");
            await engine.StartContainerdAsync();
            await engine.StartAgainAsync(liveRestore);
            await ShellAsync($"docker save {DockerTestImage.Name} | docker -H unix://{engine.Socket} load");
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the engine; its containerd has run on. Completes when it answers.</summary>
    public async Task StartAgainAsync(bool liveRestore)
    {
        File.Delete(_folder.File("d.pid"));
        // In a network of its own: an engine without a bridge removes the machine's docker0 where it finds it.
        _engine = Spawn(
            $"exec unshare --net -- dockerd --config-file={_folder.File("d.json")} --host=unix://{Socket} "
                + $"--containerd={_folder.File("c.sock")} --data-root={_folder.File("d")} " +
            $"--exec-root={_folder.File("x")} --pidfile={_folder.File("d.pid")} --bridge=none --iptables=false --ip6tables=false "
                + $"--ip-forward=false " +
            $"--ip-masq=false --live-restore={(liveRestore ? "true" : "false")} {(_mapsUsers ? "--userns-remap=default " : "")}"
                + $">>{Log} 2>&1");
        await Wait.UntilAsync(AnswersAsync, () => $"the private engine answers; its log: {File.ReadAllText(Log)}");
    }

    /// <summary>SIGTERM, as a restart of the service does; completes when it has ended.</summary>
    public Task EndAsync() => EndAsync("TERM");

    /// <summary>kill -9.</summary>
    public Task KillAsync() => EndAsync("KILL");

    public async ValueTask DisposeAsync()
    {
        if (_engine is { HasExited: false } && await AnswersAsync())
        {
            await ShellAsync(
                $"docker -H unix://{Socket} ps -aq | xargs -r docker -H unix://{Socket} rm -fv >{_folder.File("rm.log")} 2>&1 || true");
        }

        await EndAsync("TERM");
        await ShellAsync(
            $"pids=$(ps -eo pid,args | awk '/[c]ontainerd-shim/ && index($0, \"{_folder.File("c.sock")}\") {{ print $1 }}'); [ -z "
                + $"\"$pids\" ] || kill -9 $pids 2>/dev/null || true");
        await EndAsync(_containerd, "TERM");
        await ShellAsync($"awk '$2 ~ \"^{_folder.Path}/\" {{ print $2 }}' /proc/mounts | sort -r | xargs -r umount -l");
        _folder.Dispose();
    }

    private async Task StartContainerdAsync()
    {
        await File.WriteAllTextAsync(_folder.File("d.json"), "{}");
        await File.WriteAllTextAsync(
            _folder.File("c.toml"),
            $"""
            version = 2
            root = "{_folder.File("c")}"
            state = "{_folder.File("s")}"
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            [grpc]
              address = "{_folder.File("c.sock")}"
            """);
        _containerd = Spawn($"exec containerd --config {_folder.File("c.toml")} >>{_folder.File("containerd.log")} 2>&1");
        await Wait.UntilAsync(
            () => Task.FromResult(File.Exists(_folder.File("c.sock"))),
            () => $"the private containerd listens; its log: {File.ReadAllText(_folder.File("containerd.log"))}");
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var http = DockerEngine.Connect(Socket);
            using var answer = await http.GetAsync(new Uri("_ping", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or TaskCanceledException)
        {
            return _engine is { HasExited: false }
                ? false : throw new InvalidOperationException($"The private engine ended: {await File.ReadAllTextAsync(Log)}");
        }
    }

    private async Task EndAsync(string signal)
    {
        await EndAsync(_engine, signal);
        _engine = null;
    }

    private static async Task EndAsync(Process? process, string signal)
    {
        if (process is { HasExited: false })
        {
            await ShellAsync($"kill -{signal} {process.Id.ToString(CultureInfo.InvariantCulture)}");
            await process.WaitForExitAsync().WaitAsync(ClusterProcess.Generous);
        }

        process?.Dispose();
    }

    private static Process Spawn(string script) => Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]))!;

    private static async Task ShellAsync(string script)
    {
        using var shell = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = await Task.WhenAll(shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"`{script}` ended with {shell.ExitCode}: {string.Concat(said)}");
    }
}
