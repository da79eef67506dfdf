using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Sandbox.Client.Contexts;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace AppHost.Tests;

/// <summary>The AppHost as a process that goes on, with everything that it starts.</summary>
internal sealed partial class StartedStack(TempFolder folder, AppHostProgram program) : IAsyncDisposable
{
    private Process? _launcher;
    private int _lives;

    /// <summary>Of the AppHost itself.</summary>
    public int ProcessId { get; private set; }

    /// <summary>What its last life has printed.</summary>
    public string Log => File.Exists(LogFile) ? ReadShared(LogFile) : "";

    private string LogFile => folder.File($"log{_lives}");

    private string PidFile => folder.File($"pid{_lives}");

    /// <param name="byRunner">Something that looks like <c>dotnet run</c> stands above it.</param>
    public async Task StartAsync(bool byRunner = false)
    {
        _lives++;
        var tell = $">'{PidFile}.new'; mv '{PidFile}.new' '{PidFile}'";
        var appHost = $"dotnet '{AppHostProgram.Assembly}' >'{LogFile}' 2>&1";
        await File.WriteAllTextAsync(
            folder.File("run"), byRunner ? $"{appHost} & echo $! {tell}; wait $!\n" : $"echo $$ {tell}; exec {appHost}\n");

        // A session, and with it a process group, of its own: Ctrl-C is sent to the group, as a terminal does.
        var start = byRunner
            ? new ProcessStartInfo("bash", ["-c", "exec -a dotnet bash run"])
            : new ProcessStartInfo("env", ["--default-signal=INT", "setsid", "-w", "bash", "run"]);
        program.Apply(start);
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

    /// <summary>Where the API answers, once everything is up.</summary>
    public async Task<Uri> ApiAsync() => new(ApiAddress().Match(await SaysAsync("The stack is up: ")).Groups[1].Value);

    /// <summary>A caller with the key that the command line finds.</summary>
    public async Task<RockCaller> CallerAsync()
    {
        var api = await ApiAsync();
        ServerContext? context = null;
        await Wait.UntilAsync(
            () => Task.FromResult((context = program.Contexts.Read().Contexts.GetValueOrDefault($"up-{program.Stack}")) is not null),
            () => $"the stack tells the command line of itself, in {program.Contexts.Location}");
        Assert.True(context!.IsAt(api), $"the context is at {context.Url}, and the API at {api}");
        return new RockCaller(api, context.ApiKey);
    }

    /// <summary>Where a person enters the dashboard.</summary>
    public async Task<Uri> DashboardAsync() => new(LoginAddress().Match(await SaysAsync("Login to the dashboard at ")).Groups[1].Value);

    /// <summary>The addresses that a Prometheus on this machine asks about a resource.</summary>
    public IReadOnlyList<Uri> Targets(string resource) => !Directory.Exists(folder.File("targets"))
        ? []
        : [.. Directory.GetFiles(folder.File("targets"), $"local-{resource}-*-{program.Stack}.yml")
            .Select(file => new Uri($"http://{Quoted().Match(File.ReadAllText(file)).Groups[1].Value}/metrics"))];

    /// <summary>It, and whatever was started for it: all of them know the name of the stack or of its folder.</summary>
    public IReadOnlyList<int> Processes() =>
        [.. ProcessTable.Where(process =>
            process == ProcessId || ProcessTable.EnvironmentOf(process).Contains($"stack={program.Stack}\0", StringComparison.Ordinal))];

    public void KillLauncher() => _launcher!.Kill();

    public void KillOrchestrator()
    {
        var orchestrator = Assert.Single(Processes(), process =>
            ProcessTable.CommandOf(process).Contains($" start-apiserver --monitor {ProcessId} ", StringComparison.Ordinal));
        Kill("KILL", orchestrator.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>As from a terminal: to the whole group.</summary>
    public void Interrupt() => Kill("INT", $"-{ProcessId}");

    public void Kill() => Kill("KILL", $"{ProcessId}");

    public async Task GoneAsync(IReadOnlyList<int> processes, string why)
    {
        IReadOnlyList<int> left = processes;
        await Wait.UntilAsync(
            () => Task.FromResult((left = [.. left.Where(Runs)]).Count == 0),
            () => $"{why}; left are {string.Join("; ", left.Select(process => $"{process} {ProcessTable.CommandOf(process)}"))}; "
                + $"the log: {Log}");
    }

    public async ValueTask DisposeAsync()
    {
        if (ProcessId != 0 && Runs(ProcessId))
        {
            var processes = Processes();
            Kill("TERM", $"{ProcessId}");
            await GoneAsync(processes, "the stack of a test ends");
        }

        _launcher?.Dispose();
    }

    private static void Kill(string signal, string target)
    {
        using var kill = Process.Start("kill", [$"-{signal}", "--", target]);
        kill.WaitForExit();
        Assert.True(kill.ExitCode == 0, $"{target} was to get SIG{signal}");
    }

    /// <summary>Not what has ended and was not yet asked how.</summary>
    private static bool Runs(int process) =>
        ProcessTable.StatusOf(process) is { Length: > 0 } status && !status.Contains("\nState:\tZ", StringComparison.Ordinal);

    private static string ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return new StreamReader(stream).ReadToEnd();
    }

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"SANDBOX_URL=(http://\S+)")]
    private static partial Regex ApiAddress();

    [GeneratedRegex(@"(http://\S+/login\S+)")]
    private static partial Regex LoginAddress();
}
