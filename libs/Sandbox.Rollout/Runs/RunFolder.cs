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
    // The process of a run may be ended by force; then nothing in the folder changes any more.
    private static readonly TimeSpan LookForEndEvery = TimeSpan.FromSeconds(1);

    private readonly string _path;

    public RunFolder(string state, Guid execution) => _path = System.IO.Path.Combine(state, "executions", execution.ToString("D"));

    public string Path => _path;

    public string Errors => File.Exists(At("errors")) ? File.ReadAllText(At("errors")).Trim() : "";

    /// <summary>Null when the process has not ended, or ended without saying how.</summary>
    public int? ExitCode => File.Exists(At("exit")) && int.TryParse(File.ReadAllText(At("exit")).Trim(), out var code) ? code : null;

    /// <summary>Somebody asked it to stop.</summary>
    public bool IsStopped => File.Exists(At("stop"));

    /// <summary>Makes it, for its owner alone.</summary>
    public void Create() => OwnerOnlyFile.EnsureFolder(_path);

    /// <summary>Whether no process of the run lives, and none will: one that comes late finds that it is not to begin.</summary>
    public bool IsOver()
    {
        if (!Directory.Exists(_path))
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

    /// <summary>The number of the process group of a run that lives; null when it is over.</summary>
    public int? ProcessGroup() =>
        !IsOver() && File.Exists(At("pid")) && int.TryParse(File.ReadAllText(At("pid")).Trim(), out var number) ? number : null;

    public void MarkStopped() => File.WriteAllText(At("stop"), "");

    /// <summary>What the run printed and prints, line by line, until it is over.</summary>
    /// <param name="isOver">Whether the process has ended, where the caller knows it better than the lock.</param>
    public async IAsyncEnumerable<string> FollowAsync(Func<bool> isOver, [EnumeratorCancellation] CancellationToken cancellationToken)
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
                foreach (var letter in buffer.AsSpan(0, read).ToArray())
                {
                    if (letter == '\n')
                    {
                        yield return partial.ToString();
                        partial.Clear();
                    }
                    else
                    {
                        partial.Append(letter);
                    }
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
            yield return partial.ToString();
        }
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

    private string At(string name) => System.IO.Path.Combine(_path, name);
}
