using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Sandbox.Contracts.Files;

namespace Sandbox.Rollout.Runs;

/// <summary>
/// The folder in which a run's process lives, so that it survives whoever started it: what it prints, its exit code, and a lock
/// that it and its children hold as long as one of them lives. See deploy/rollout/run.sh, which writes it.
/// </summary>
internal sealed class RunFolder
{
    /// <summary>Where in the state folder all of them lie.</summary>
    public const string Parent = "executions";

    /// <summary>Characters of a line; the rest of a longer one is dropped.</summary>
    private const int LongestLine = 1 << 20;

    private const int LongestErrors = 16 << 10;

    // The process of a run may be ended by force; then nothing in the folder changes any more.
    private static readonly TimeSpan LookForEndEvery = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LookForStartEvery = TimeSpan.FromMilliseconds(10);

    private readonly string _path;

    public RunFolder(string state, Guid execution) => _path = System.IO.Path.Combine(state, Parent, execution.ToString("D"));

    public string Path => _path;

    /// <summary>The end of what it wrote on its standard error.</summary>
    public string Errors => Read("errors") is { } text ? text[Math.Max(0, text.Length - LongestErrors)..].Trim() : "";

    /// <summary>Null when the program has not ended, or ended without saying how.</summary>
    public RunExit? Exit => Read("exit") is { } text ? RunExit.Parse(text) : null;

    /// <summary>The number of its process group; null when it never began.</summary>
    public int? ProcessGroup =>
        int.TryParse(Read("pid"), CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Makes it, for its owner alone.</summary>
    public void Create() => OwnerOnlyFile.EnsureFolder(_path);

    /// <summary>Whether the run has ended, or will never begin: one that comes late finds that it is not to.</summary>
    public bool IsOver()
    {
        if (!Directory.Exists(_path) || Exit is not null)
        {
            return true;
        }

        try
        {
            // The lock of flock(1).
            using var held = OwnerOnlyFile.Lock(At("lock"));
            using var begun = new FileStream(At("started"), FileMode.OpenOrCreate, FileAccess.Write);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Waits until a process that was just started holds the lock, or has ended.</summary>
    public async Task WaitForStartAsync(Process process, CancellationToken cancellationToken)
    {
        while (!File.Exists(At("started")) && !process.HasExited)
        {
            await Task.Delay(LookForStartEvery, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>What the run printed and prints, the lines that are there at a time together, until it is over.</summary>
    /// <param name="isOver">Whether the process has ended, where the caller knows it better than the lock.</param>
    public async IAsyncEnumerable<IReadOnlyList<string>> FollowAsync(
        Func<bool> isOver, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var watcher = new FileSystemWatcher(_path);
        watcher.Changed += (_, _) => changes.Writer.TryWrite(true);
        watcher.Created += (_, _) => changes.Writer.TryWrite(true);
        watcher.Renamed += (_, _) => changes.Writer.TryWrite(true);
        watcher.EnableRaisingEvents = true;
        using var file = new FileStream(At("output"), FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        var (partial, buffer) = (new StringBuilder(), new char[16 << 10]);
        while (true)
        {
            // Asked before the rest is read, so that nothing is printed between the two.
            var over = isOver();
            int read;
            while ((read = await reader.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (LinesOf(buffer.AsSpan(0, read), partial) is { Count: > 0 } lines)
                {
                    yield return lines;
                }
            }

            if (over)
            {
                break;
            }

            await WaitAsync(changes.Reader, cancellationToken);
        }

        if (partial.Length > 0)
        {
            yield return [partial.ToString()];
        }
    }

    /// <param name="partial">A line that has not ended, before and after.</param>
    private static List<string> LinesOf(ReadOnlySpan<char> text, StringBuilder partial)
    {
        var lines = new List<string>();
        foreach (var letter in text)
        {
            if (letter == '\n')
            {
                lines.Add(partial.ToString());
                partial.Clear();
            }
            else if (partial.Length < LongestLine)
            {
                // No database keeps this one in a text.
                partial.Append(letter == '\0' ? '\uFFFD' : letter);
            }
        }

        return lines;
    }

    private static async Task WaitAsync(ChannelReader<bool> changes, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LookForEndEvery);
        try
        {
            await changes.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time to look whether it still lives.
        }
    }

    private string? Read(string name) => File.Exists(At(name)) ? File.ReadAllText(At(name)) : null;

    private string At(string name) => System.IO.Path.Combine(_path, name);
}
