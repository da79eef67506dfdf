using System.Globalization;
using System.Runtime.CompilerServices;
using Docker.DotNet;
using Docker.DotNet.Models;
using Sandbox.Domain.Operators;

namespace Sandbox.Deployments.Docker;

/// <summary>A container's log, its two streams in one.</summary>
internal static class ContainerLog
{
    private const int PieceBytes = 16 * 1024;

    public static ContainerLogsParameters Parameters(LogQuery query) => new()
    {
        ShowStdout = true,
        ShowStderr = true,
        Follow = query.Follow,
        Tail = query.Tail is { } lines ? lines.ToString(CultureInfo.InvariantCulture) : "all",
        Since = query.Since is { } since ? UnixTime(since) : null,
    };

    public static SandboxLog Of(MultiplexedStream log) => new(ReadAsync(log), log);

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        MultiplexedStream log, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var buffer = new byte[PieceBytes];
        while (true)
        {
            var read = await log.ReadOutputAsync(buffer, 0, buffer.Length, cancellationToken);
            if (read.EOF)
            {
                yield break;
            }

            yield return buffer.AsMemory(0, read.Count);
        }
    }

    /// <summary>Seconds with nanoseconds, as the engine reads them.</summary>
    private static string UnixTime(DateTimeOffset time)
    {
        var ticks = (time - DateTimeOffset.UnixEpoch).Ticks;
        return string.Create(
            CultureInfo.InvariantCulture, $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond * 100:D9}");
    }
}
