using System.Text;
using Sandbox.Agent.Native;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Native;

public sealed class SpawnerTests
{
    private static readonly Dictionary<string, string> Env = new() { ["PATH"] = ProgramPath.DefaultPath };

    private readonly Spawner _spawner = Spawning.Spawner;

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exit 0", 0, 0)]
    [InlineData("exit 7", 7, 0)]
    [InlineData("kill -9 $$", 0, 9)]
    [InlineData("kill -15 $$", 0, 15)]
    public async Task Child_Ended_TellsItsExitStatus(string script, int code, int signal)
    {
        using var child = Start(new SpawnRequest { Command = "sh", Arguments = ["-c", script], Env = Env, WorkingFolder = "/" });

        Assert.Equal(new ExitStatus(code, signal), await child.Exited.WaitAsync(TimeSpan.FromSeconds(60), Soon));
    }

    [Fact]
    public async Task Child_WithPipes_GetsArgumentsEnvFolderAndInput()
    {
        using var folder = new TempFolder();
        var request = new SpawnRequest
        {
            Command = "sh",
            Arguments = ["-c", "pwd; echo $A; echo \"$1\"; cat; echo oops >&2", "sh", "ä b"],
            Env = new Dictionary<string, string>(Env) { ["A"] = "1 2" },
            WorkingFolder = folder.Path,
        };

        using var child = Start(request);
        await child.Stdin!.WriteAsync("typed\n"u8.ToArray(), Soon);
        child.Stdin.Dispose();

        Assert.Equal($"{folder.Path}\n1 2\nä b\ntyped\n", await ReadAsync(child.Stdout!));
        Assert.Equal("oops\n", await ReadAsync(child.Stderr!));
    }

    [Fact]
    public async Task Child_WithoutStdin_ReadsNothing()
    {
        using var child = Start(new SpawnRequest { Command = "cat", Env = Env, WorkingFolder = "/", OpenStdin = false });

        Assert.Null(child.Stdin);
        Assert.Equal("", await ReadAsync(child.Stdout!));
        Assert.Equal(new ExitStatus(0, 0), await child.Exited.WaitAsync(TimeSpan.FromSeconds(60), Soon));
    }

    [Fact]
    public async Task Child_Started_HasDefaultSignalsAndOnlyItsThreeDescriptors()
    {
        using var leak = File.OpenHandle("/dev/null");
        using var child = Start(new SpawnRequest
        {
            Command = "sh",
            // No pipe, for the shell would hold its ends; and ls is not the last, or it would take the shell's place.
            Arguments = ["-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/$$/fd; :"],
            Env = Env,
            WorkingFolder = "/",
        });

        var lines = (await ReadAsync(child.Stdout!)).Trim().Split('\n');

        Assert.Equal("SigBlk:\t0000000000000000", lines[0]);
        // Bits 32 and 33 belong to the C library's threads.
        Assert.Equal(0UL, Convert.ToUInt64(lines[1].Split('\t')[1], 16) & ~0x1_8000_0000UL);
        Assert.Equal(["0", "1", "2"], lines[2..].Where(fd => int.Parse(fd, null) < 10));
    }

    [Fact]
    public async Task Child_OnATerminal_HasItAsControllingTerminalWithItsSize()
    {
        using var child = Start(new SpawnRequest
        {
            Command = "sh",
            Arguments = ["-c", "stty size < /dev/tty; tty; read line; stty size"],
            Env = Env,
            WorkingFolder = "/",
            Terminal = new TerminalSettings(101, 33),
        });
        var terminal = child.Terminal!;
        var seen = await ReadUntilAsync(terminal, "/dev/pts/");
        child.Resize(60, 20);
        await terminal.WriteAsync("\n"u8.ToArray(), Soon);

        Assert.StartsWith("33 101\r\n/dev/pts/", seen, StringComparison.Ordinal);
        Assert.Contains("20 60\r\n", await ReadAsync(terminal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Child_OnATerminal_IsInterruptedByControlC()
    {
        using var child = Start(new SpawnRequest
        {
            Command = "sh",
            Arguments = ["-c", "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 1; done"],
            Env = Env,
            WorkingFolder = "/",
            Terminal = new TerminalSettings(),
        });
        await ReadUntilAsync(child.Terminal!, "ready");

        await child.Terminal!.WriteAsync("\x03"u8.ToArray(), Soon);

        Assert.Contains("caught", await ReadAsync(child.Terminal!), StringComparison.Ordinal);
        Assert.Equal(new ExitStatus(5, 0), await child.Exited.WaitAsync(TimeSpan.FromSeconds(60), Soon));
    }

    [Fact]
    public async Task Child_OnATerminalWithoutEcho_DoesNotShowWhatIsTyped()
    {
        using var child = Start(
            new SpawnRequest { Command = "cat", Env = Env, WorkingFolder = "/", Terminal = new TerminalSettings(Echo: false) });

        await child.Terminal!.WriteAsync("word\n\x04"u8.ToArray(), Soon);

        Assert.Equal("word\r\n", await ReadAsync(child.Terminal!));
    }

    [Theory]
    [InlineData("no-such-program-here", (int)SpawnFailure.CommandNotFound, "no-such-program-here: command not found", 127)]
    [InlineData("./missing", (int)SpawnFailure.CommandNotFound, "./missing: command not found", 127)]
    [InlineData("./plain", (int)SpawnFailure.NotExecutable, "./plain: permission denied", 126)]
    [InlineData("/etc", (int)SpawnFailure.NotExecutable, "/etc: is a directory", 126)]
    [InlineData(
        "./bad-interpreter", (int)SpawnFailure.CommandNotFound, "./bad-interpreter: its interpreter or loader is not in the sandbox", 127)]
    [InlineData("", (int)SpawnFailure.InvalidArgument, "The command is empty.", 125)]
    [InlineData("a\0b", (int)SpawnFailure.InvalidArgument, "A command, an argument, a variable or a path holds a NUL character.", 125)]
    public void Start_OfWhatCannotRun_SaysWhy(string command, int kind, string message, int shellCode)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("plain"), "text");
        File.WriteAllText(folder.File("bad-interpreter"), "#!/no/such\n");
        File.SetUnixFileMode(folder.File("bad-interpreter"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var started = _spawner.TryStart(
            new SpawnRequest { Command = command, Env = Env, WorkingFolder = folder.Path }, out _, out var error);

        Assert.False(started);
        Assert.Equal(new SpawnError((SpawnFailure)kind, message), error);
        Assert.Equal(shellCode, error!.ShellCode);
    }

    [Fact]
    public void Start_InAFolderThatIsMissing_NamesTheFolder()
    {
        var started = _spawner.TryStart(new SpawnRequest { Command = "true", Env = Env, WorkingFolder = "/no/such" }, out _, out var error);

        Assert.False(started);
        Assert.Equal(new SpawnError(SpawnFailure.BadWorkingFolder, "cwd '/no/such' does not exist"), error);
    }

    [Fact]
    public async Task Script_WithoutAnInterpreterLine_IsRunByTheShell()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("script"), "echo from $1\n");
        File.SetUnixFileMode(folder.File("script"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        using var child = Start(new SpawnRequest { Command = "./script", Arguments = ["here"], Env = Env, WorkingFolder = folder.Path });

        Assert.Equal("from here\n", await ReadAsync(child.Stdout!));
    }

    [Fact]
    public async Task KillSession_WithJobsInOtherGroups_EndsAllOfThem()
    {
        using var child = Start(new SpawnRequest
        {
            Command = "bash",
            Arguments = ["-c", "set -m; sleep 1000 & echo $!; sleep 1000 & echo $!; wait"],
            Env = Env,
            WorkingFolder = "/",
        });
        var jobs = (await ReadUntilAsync(child.Stdout!, "\n", 2)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        child.KillSession();

        Assert.Equal(new ExitStatus(0, 9), await child.Exited.WaitAsync(TimeSpan.FromSeconds(60), Soon));
        // The pipe ends only when every holder of it is gone.
        Assert.Equal("", await ReadAsync(child.Stdout!));
        Assert.Equal(2, jobs.Length);
    }

    [Fact]
    public async Task ManyChildren_StartedAtOnce_AreAllReaped()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Soon },
            async (n, cancellationToken) =>
        {
            using var child = Start(new SpawnRequest { Command = "sh", Arguments = ["-c", $"exit {n}"], Env = Env, WorkingFolder = "/" });
            Assert.Equal(n, (await child.Exited.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken)).Code);
        });
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        return await reader.ReadToEndAsync(Soon).WaitAsync(TimeSpan.FromSeconds(60), Soon);
    }

    private static async Task<string> ReadUntilAsync(Stream stream, string text, int times = 1)
    {
        var seen = "";
        var buffer = new byte[4096];
        while (seen.Split(text).Length <= times)
        {
            var count = await stream.ReadAsync(buffer, Soon).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Soon);
            Assert.True(count > 0, $"the stream ended before '{text}' came; seen: {seen}");
            seen += Encoding.UTF8.GetString(buffer, 0, count);
        }

        return seen;
    }

    private ChildProcess Start(SpawnRequest request)
    {
        Assert.True(_spawner.TryStart(request, out var child, out var error), error?.Message);
        return child;
    }
}
