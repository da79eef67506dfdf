using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Sandbox.Testing.Clusters;

/// <summary>One program of a cluster as a process of its own, whose output goes to a file. It can be killed, put to sleep,
/// woken, told to end, and started again.</summary>
public sealed class ClusterProcess(string name, string program, string logFile, IReadOnlyDictionary<string, string> settings)
    : IAsyncDisposable
{
    /// <summary>Long enough for a busy machine; a wait that needs it all has failed.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    private Process? _process;
    private long _from;

    public string Name { get; } = name;

    /// <summary>The assembly that is started.</summary>
    public string Program { get; } = program;

    /// <summary>Its environment, beside that of the tests.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; } = settings;

    /// <summary>Of the running process; it takes signals.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException($"{Name} does not run.");

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>What its last life has written; while it runs, whole lines only.</summary>
    public string Log
    {
        get
        {
            if (!File.Exists(logFile))
            {
                return "";
            }

            var isRunning = IsRunning;
            using var file = new FileStream(logFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Position = _from;
            var text = new StreamReader(file).ReadToEnd();
            return isRunning ? text[..(text.LastIndexOf('\n') + 1)] : text;
        }
    }

    public void Start()
    {
        _from = File.Exists(logFile) ? new FileInfo(logFile).Length : 0;
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec dotnet \"$0\" >>\"$1\" 2>&1", Program, logFile]);
        foreach (var (key, value) in Settings)
        {
            start.Environment[key] = value;
        }

        _process = Process.Start(start);
    }

    /// <summary>Waits for a line of its log that holds this text; the line.</summary>
    public async Task<string> SaysAsync(string text)
    {
        string? line = null;
        await Wait.UntilAsync(
            () =>
            {
                var isRunning = IsRunning;
                line = Log.Split('\n').FirstOrDefault(one => one.Contains(text, StringComparison.Ordinal));
                Assert.True(line is not null || isRunning, $"{Name} was to say '{text}', and ended instead: {Log}");
                return Task.FromResult(line is not null);
            },
            () => $"{Name} says '{text}'; its log: {Log}");
        return line!;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync().WaitAsync(Generous);
        }
    }

    /// <summary>SIGSTOP: its connections stay, and nothing answers.</summary>
    public void Pause() => Signal("STOP");

    /// <summary>SIGCONT.</summary>
    public void Continue() => Signal("CONT");

    /// <summary>SIGTERM, and waits for its end; the exit code.</summary>
    public async Task<int> EndAsync()
    {
        Signal("TERM");
        return await ExitAsync();
    }

    /// <summary>Waits until it has ended by itself; the exit code.</summary>
    public async Task<int> ExitAsync()
    {
        await _process!.WaitForExitAsync().WaitAsync(Generous);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            Signal("CONT");
            await KillAsync();
        }

        _process?.Dispose();
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", ProcessId.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.True(kill.ExitCode == 0, $"{Name} was to get SIG{signal}");
    }
}
