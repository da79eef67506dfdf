using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace AppHost.Tests;

/// <summary>
/// The AppHost as a process of its own, as a person has it, but in a folder of the test's, on free ports, and on a machine without
/// Redis. It is started in the background of a script, where Ctrl-C is ignored unless somebody sees to it.
/// </summary>
internal sealed partial class StartedStack : IAsyncDisposable
{
    private static readonly string Program = typeof(Projects.AppHost).Assembly.Location;

    private readonly TempFolder _folder;
    private readonly Dictionary<string, string> _settings;
    private Process? _launcher;
    private int _lives;

    public StartedStack(TempFolder folder, string clusterId)
    {
        _folder = folder;

        // The database runs as an account of its own, which has to come through.
        File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        _settings = new Dictionary<string, string>
        {
            ["LocalHosting__StateFolder"] = folder.File("state"),
            ["LocalHosting__TargetFolder"] = folder.File("targets"),
            ["XDG_DATA_HOME"] = folder.File("home"),
            ["PATH"] = PathWithoutRedis(),
            ["Parameters__cluster-id"] = clusterId,
            ["api-port"] = "0",
            ["demo-image"] = DockerTestImage.Name,
        };
    }

    /// <summary>Of the AppHost itself.</summary>
    public int ProcessId { get; private set; }

    /// <summary>What its last life has printed.</summary>
    public string Log => File.Exists(LogFile) ? ReadShared(LogFile) : "";

    private string LogFile => _folder.File($"log{_lives}");

    private string PidFile => _folder.File($"pid{_lives}");

    /// <param name="byRunner">Something that looks like <c>dotnet run</c> stands above it.</param>
    public async Task StartAsync(bool byRunner = false)
    {
        _lives++;
        var script = _folder.File("run");
        await File.WriteAllTextAsync(script, $"trap '' INT\ndotnet '{Program}' >'{LogFile}' 2>&1 &\necho $! >'{PidFile}.new'\nmv '{PidFile}.new' '{PidFile}'\nwait $!\n");
        var start = new ProcessStartInfo("bash", ["-c", byRunner ? "exec -a dotnet bash run" : "exec bash run"]) { WorkingDirectory = _folder.Path };
        Set(start);
        _launcher = Process.Start(start)!;
        await Wait.UntilAsync(() => Task.FromResult(File.Exists(PidFile)), () => "the AppHost is started");
        ProcessId = int.Parse(await File.ReadAllTextAsync(PidFile), CultureInfo.InvariantCulture);
    }

    /// <summary>Waits for a line that holds this text; the line.</summary>
    public async Task<string> SaysAsync(string text)
    {
        string? line = null;
        await Wait.UntilAsync(
            () =>
            {
                line = Log.Split('\n').FirstOrDefault(one => one.Contains(text, StringComparison.Ordinal));
                Assert.True(line is not null || Runs(ProcessId), $"the AppHost was to say '{text}', and ended instead: {Log}");
                return Task.FromResult(line is not null);
            },
            () => $"the AppHost says '{text}'; its log: {Log}");
        return line!;
    }

    /// <summary>Where one of its APIs listens.</summary>
    public async Task<Uri> ApiAsync()
    {
        Match? match = null;
        await Wait.UntilAsync(() => Task.FromResult((match = ApiAddress().Match(Log)).Success), () => $"an API listens; the log: {Log}");
        return new Uri(match!.Groups[1].Value);
    }

    /// <summary>Whom a Prometheus on this machine asks about a resource.</summary>
    public IReadOnlyList<Uri> Targets(string resource) => File.Exists(TargetFile(resource))
        ? [.. Quoted().Matches(File.ReadAllText(TargetFile(resource))).Select(match => new Uri($"http://{match.Groups[1].Value}/metrics"))]
        : [];

    /// <summary>The same program once more, to its end: another start, or a command.</summary>
    public async Task<(int ExitCode, string Said)> AlsoAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Set(start);
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(said));
    }

    /// <summary>It and whatever it has started.</summary>
    public IReadOnlyList<int> Processes() => [ProcessId, .. ChildrenOf(ProcessId)];

    public void KillLauncher() => _launcher!.Kill();

    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", ProcessId.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.True(kill.ExitCode == 0, $"the AppHost was to get SIG{signal}");
    }

    public static async Task GoneAsync(IReadOnlyList<int> processes, string why)
    {
        IReadOnlyList<int> left = processes;
        await Wait.UntilAsync(
            () => Task.FromResult((left = [.. left.Where(Runs)]).Count == 0),
            () => $"{why}; left are {string.Join("; ", left.Select(process => $"{process} {CommandOf(process)}"))}");
    }

    public async ValueTask DisposeAsync()
    {
        if (ProcessId != 0 && Runs(ProcessId))
        {
            var processes = Processes();
            Signal("TERM");
            await GoneAsync(processes, "the stack of a test ends");
        }

        _launcher?.Dispose();
    }

    private string TargetFile(string resource) => Path.Combine(_folder.File("targets"), $"local-{resource}.yml");

    private void Set(ProcessStartInfo start)
    {
        foreach (var (name, value) in _settings)
        {
            start.Environment[name] = value;
        }
    }

    /// <summary>A folder of links to every program of this machine but one.</summary>
    private string PathWithoutRedis()
    {
        var all = Directory.CreateDirectory(_folder.File("bin")).FullName;
        foreach (var program in new ProcessStartInfo().Environment["PATH"]!.Split(':').Where(Directory.Exists).SelectMany(Directory.EnumerateFiles))
        {
            var link = Path.Combine(all, Path.GetFileName(program));
            if (Path.GetFileName(program) != "redis-server" && !File.Exists(link))
            {
                File.CreateSymbolicLink(link, program);
            }
        }

        return all;
    }

    private static IEnumerable<int> ChildrenOf(int parent) => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out var process) ? process : 0)
        .Where(process => process > 0 && StatusOf(process).Contains($"\nPPid:\t{parent}\n", StringComparison.Ordinal));

    /// <summary>Not what has ended and was not yet asked how.</summary>
    private static bool Runs(int process) => StatusOf(process) is { Length: > 0 } status && !status.Contains("\nState:\tZ", StringComparison.Ordinal);

    private static string StatusOf(int process) => ReadGone($"/proc/{process}/status");

    private static string CommandOf(int process) => ReadGone($"/proc/{process}/cmdline").Replace('\0', ' ');

    private static string ReadGone(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return new StreamReader(stream).ReadToEnd();
    }

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^api-1 .*Now listening on: (http://\S+)", RegexOptions.Multiline)]
    private static partial Regex ApiAddress();
}
