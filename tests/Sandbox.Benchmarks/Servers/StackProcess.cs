using System.Diagnostics;
using System.Globalization;
using Sandbox.Testing;

namespace Sandbox.Benchmarks.Servers;

/// <summary>
/// <c>dotnet run --project AppHost</c> as a person starts it, with databases and folders of its own that are thrown away.
/// </summary>
internal sealed class StackProcess : IAsyncDisposable
{
    private const string Up = "The stack is up";

    private static readonly string[] Programs = ["/Sandbox.Api.dll", "/Sandbox.Worker.dll", "/Health.Service.dll"];
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sbb");
    private readonly string _mark = $"bench{Guid.NewGuid().ToString("N")[..8]}";
    private readonly Process _process;
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    private StackProcess(string root)
    {
        var port = ReservedPorts.Next();
        Api = new Uri($"http://localhost:{port}");

        // A session, and with it a process group, of its own: Ctrl-C is sent to the group, as a terminal does. It is heard also where this
        // program was started in the background of a script, which lets its children ignore it.
        var start = new ProcessStartInfo("env", [
            "--default-signal=INT", "setsid", "-w", "dotnet", "run", "--project", Path.Combine(root, "AppHost"), "--",
            "--scratch", _folder.FullName, "--api-port", port.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["stack"] = _mark;
        _process = Process.Start(start)!;
        _reading = ReadAsync();
    }

    /// <summary>Where the APIs answer, once one does.</summary>
    public Uri Api { get; }

    /// <summary>Everything is healthy, all four nodes too.</summary>
    public Task Whole => _whole.Task;

    public static async Task BuildAsync(string root)
    {
        using var build = Process.Start("dotnet", ["build", Path.Combine(root, "AppHost"), "-nologo", "-v", "quiet", "-maxcpucount:2"]);
        await build.WaitForExitAsync();
        if (build.ExitCode != 0)
        {
            throw new InvalidOperationException("the AppHost could not be built");
        }
    }

    public static StackProcess Start(string root) => new(root);

    /// <summary>
    /// MiB of our own processes, and of what Aspire has beside them: AppHost, dashboard and orchestrator.
    /// </summary>
    public (double Ours, int Processes, double Aspire) Memory()
    {
        var all = Processes();
        var ours = all.Where(process => Programs.Any(ProcessTable.CommandOf(process).Contains)).ToList();
        return (ours.Sum(ProcessMemory.ProportionalSetSize), ours.Count, all.Except(ours).Sum(ProcessMemory.ProportionalSetSize));
    }

    /// <summary>As Ctrl-C does.</summary>
    /// <returns>How long until nothing of it runs any more.</returns>
    public async Task<TimeSpan> EndAsync()
    {
        var begun = Stopwatch.GetTimestamp();
        using (var kill = Process.Start("kill", ["-INT", "--", $"-{_process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        using var ticks = new PeriodicTimer(LookEvery);
        while (Processes().Count > 0)
        {
            await ticks.WaitForNextTickAsync();
        }

        return Stopwatch.GetElapsedTime(begun);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await EndAsync();
        }

        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Whatever was started for it has the mark in its environment.</summary>
    private List<int> Processes() =>
        [.. ProcessTable.Where(process => ProcessTable.EnvironmentOf(process).Contains($"stack={_mark}\0", StringComparison.Ordinal))];

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains(Up, StringComparison.Ordinal))
            {
                _whole.TrySetResult();
            }
        }

        _whole.TrySetException(new InvalidOperationException("the AppHost ended early"));
    }
}
