using System.Text;
using Sandbox.Chaos.Facts;
using Sandbox.Client;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;

namespace Sandbox.Chaos.Faults;

/// <summary>A client that starts a process that says a great deal, reads a little of it at a time, and goes away in the middle. No
/// other client may be kept waiting by it, and what it reads must be right.</summary>
public sealed class SlowReader(SandboxClient api, StoreReader store, Action<string> complain, TimeProvider time) : IFault
{
    private const int Reads = 20;

    private static readonly TimeSpan ReadsWithin = TimeSpan.FromSeconds(60), LookEvery = TimeSpan.FromMilliseconds(200);

    public string Kind => "slow reader on a stream";

    public string Target => "stream";

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        for (var began = time.GetTimestamp(); !await TryReadAsync(random); await Task.Delay(LookEvery, time))
        {
            if (time.GetElapsedTime(began) > ReadsWithin)
            {
                complain($"a client was to read slowly, and for {ReadsWithin} there was no sandbox to read from");
                break;
            }
        }

        return () => Task.CompletedTask;
    }

    /// <summary>False: nothing ran that could be read from, or it ended meanwhile.</summary>
    private async Task<bool> TryReadAsync(Random random)
    {
        try
        {
            return await store.RunningAsync() is { Count: > 0 } running
                && await ReadAsync(SandboxId.Parse(running[random.Next(running.Count)]), random);
        }
        catch (Exception exception)
            when (exception is SandboxClientException or HttpRequestException or IOException or OperationCanceledException
                or Npgsql.NpgsqlException)
        {
            // Its sandbox, its worker or its API ended under it; no client is told anything wrong by that.
            return false;
        }
    }

    private async Task<bool> ReadAsync(SandboxId sandbox, Random random)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10), time);
        var chatter = new StartRequest
        {
            Process = new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", "i=0; while [ $i -lt 200000 ]; do echo $i; i=$((i+1)); done"] },
            OnDisconnect = "kill",
        };
        await using var process = await api.Processes(sandbox).StartAsync(chatter, patience.Token);
        var text = new StringBuilder();
        var reads = 0;
        await foreach (var piece in process.ReadAllAsync(patience.Token))
        {
            text.Append(Encoding.ASCII.GetString(piece.Data?.Stdout ?? []));
            if (++reads == Reads)
            {
                break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 250)), time, patience.Token);
        }

        var lines = text.ToString().Split('\n');
        for (var line = 0; line < lines.Length - 1; line++)
        {
            if (lines[line].Trim() != $"{line}")
            {
                complain($"a slow reader of {sandbox} got '{lines[line]}' as line {line}");
                break;
            }
        }

        return reads == Reads;
    }
}
