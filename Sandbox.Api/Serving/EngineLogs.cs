using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Sandbox.Domain.Models;

namespace Sandbox.Api.Serving;

/// <summary>What the engines of a model printed and print, a line each, without their secrets.</summary>
internal sealed class EngineLogs(EngineLaunches launches, SandboxProcesses processes, TimeProvider time)
{
    public const int MostLines = 10_000;

    private const int LongestLine = 16 * 1024;
    private const int Ahead = 256;

    /// <summary>What an engine prints without a pause for so long after the beginning is not of the past any more.</summary>
    private static readonly TimeSpan PastLimit = TimeSpan.FromSeconds(2);

    /// <param name="tail">How many lines of the past, of each replica.</param>
    /// <param name="follow">Go on until all of the engines have ended; else end with the past.</param>
    public async IAsyncEnumerable<string> ReadAsync(
        ModelRecord model, int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lines = Channel.CreateBounded<string>(Ahead);
        var reading = ReadAllAsync(model, tail, follow, lines.Writer, left.Token);
        try
        {
            await foreach (var line in lines.Reader.ReadAllAsync(cancellationToken))
            {
                yield return line;
            }
        }
        finally
        {
            await left.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAllAsync(
        ModelRecord model, int tail, bool follow, ChannelWriter<string> lines, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(model.Replicas.Select(async replica =>
            {
                var prefix = model.Replicas.Count > 1 ? $"{replica.Name}: " : "";
                await foreach (var line in ReadReplicaAsync(model, replica, tail, follow, cancellationToken))
                {
                    await lines.WriteAsync(prefix + line, cancellationToken);
                }
            }));
        }
        finally
        {
            lines.TryComplete();
        }
    }

    private async IAsyncEnumerable<string> ReadReplicaAsync(
        ModelRecord model, ModelReplica replica, int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // What cannot be redacted is not shown.
        Func<string, string> redact = launches.TryBuild(model, replica.Port, out var start, out _) ? start.Redactor.Redact : _ => "***";
        var past = new Queue<string>();
        var (isPast, begun) = (true, time.GetTimestamp());
        await foreach (var line in LinesAsync(replica, cancellationToken))
        {
            if (isPast && (line is null || time.GetElapsedTime(begun) > PastLimit))
            {
                isPast = false;
                foreach (var earlier in past)
                {
                    yield return redact(earlier);
                }

                past.Clear();
                if (!follow)
                {
                    yield break;
                }
            }

            if (line is null)
            {
                continue;
            }

            if (!isPast)
            {
                yield return redact(line);
                continue;
            }

            past.Enqueue(line);
            if (past.Count > tail)
            {
                past.Dequeue();
            }
        }

        foreach (var earlier in past)
        {
            yield return redact(earlier);
        }
    }

    /// <summary>Lines as they come; null: nothing came for a while.</summary>
    private async IAsyncEnumerable<string?> LinesAsync(ModelReplica replica, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (decoder, line) = (Encoding.UTF8.GetDecoder(), new StringBuilder());
        var characters = new char[1024];
        await foreach (var bytes in OutputAsync(replica, cancellationToken))
        {
            if (bytes.IsEmpty)
            {
                yield return null;
                continue;
            }

            for (var rest = bytes; !rest.IsEmpty;)
            {
                decoder.Convert(rest.Span, characters, flush: false, out var used, out var count, out _);
                rest = rest[used..];
                for (var index = 0; index < count; index++)
                {
                    if (characters[index] != '\n' && line.Length < LongestLine)
                    {
                        line.Append(characters[index]);
                        continue;
                    }

                    yield return line.ToString().TrimEnd('\r');
                    line.Clear();
                }
            }
        }

        if (line.Length > 0)
        {
            yield return line.ToString();
        }
    }

    /// <summary>Of the process, or what is kept of the one that has ended.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<byte>> OutputAsync(
        ModelReplica replica, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (replica.StartedAt is null)
        {
            yield return Encoding.UTF8.GetBytes(replica.LastOutput);
            yield break;
        }

        await using var pieces = processes.ReadOutputAsync(replica.Sandbox, ReplicaReconciler.EngineTag, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await TryMoveAsync(pieces, cancellationToken))
        {
            yield return pieces.Current;
        }
    }

    /// <summary>A log breaks off where its sandbox ends.</summary>
    private static async Task<bool> TryMoveAsync(IAsyncEnumerator<ReadOnlyMemory<byte>> pieces, CancellationToken cancellationToken)
    {
        try
        {
            return await pieces.MoveNextAsync();
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
