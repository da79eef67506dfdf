using System.Diagnostics;
using System.Globalization;

namespace Sandbox.Benchmarks.Servers;

/// <summary><c>dotnet run --project AppHost</c> as a person starts it, with folders of its own that are thrown away.</summary>
internal sealed class StackProcess : IAsyncDisposable
{
    private const string Listens = "Now listening on: ";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sbb");
    private readonly Process _process;
    private readonly TaskCompletionSource<Uri> _api = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    private StackProcess(string root)
    {
        var start = new ProcessStartInfo("dotnet", ["run", "--project", Path.Combine(root, "AppHost"), "--", "--scratch", _folder.FullName, "--api-port", "0"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["LocalHosting__StateFolder"] = Path.Combine(_folder.FullName, "state");
        File.SetUnixFileMode(_folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        _process = Process.Start(start)!;
        _reading = ReadAsync();
    }

    /// <summary>Where the first API answers, once it does.</summary>
    public Task<Uri> Api => _api.Task;

    /// <summary>Everything is healthy.</summary>
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

    /// <summary>MiB of everything that the AppHost has started, and of itself with <c>dotnet run</c>.</summary>
    public (double Parts, double Hosts, int Processes) Memory()
    {
        var host = Children(_process.Id).Single();
        List<int> parts = [];
        for (var next = new Queue<int>(Children(host)); next.TryDequeue(out var process);)
        {
            parts.Add(process);
            foreach (var child in Children(process))
            {
                next.Enqueue(child);
            }
        }

        return (parts.Sum(ProcessMemory.ProportionalSetSize), ProcessMemory.ProportionalSetSize(_process.Id) + ProcessMemory.ProportionalSetSize(host), parts.Count);
    }

    public async ValueTask DisposeAsync()
    {
        using (var kill = Process.Start("kill", [_process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("api-", StringComparison.Ordinal) && line.IndexOf(Listens, StringComparison.Ordinal) is > 0 and var at)
            {
                _api.TrySetResult(new Uri(line[(at + Listens.Length)..].Trim()));
            }
            else if (line.StartsWith("Ctrl-C ends", StringComparison.Ordinal))
            {
                _whole.TrySetResult();
            }
        }

        var ended = new InvalidOperationException("the AppHost ended early");
        _api.TrySetException(ended);
        _whole.TrySetException(ended);
    }

    private static IEnumerable<int> Children(int process) => Directory.EnumerateDirectories($"/proc/{process}/task")
        .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(child => int.Parse(child, CultureInfo.InvariantCulture));
}
