using System.Buffers.Binary;

namespace Sandbox.Cli.Clusters;

/// <summary>The lines of several containers, each with its service's name before it.</summary>
internal sealed class EngineLogs(EngineApi engine, Action<string> line)
{
    private const int Header = 8;

    public Task CopyAsync(
        IReadOnlyList<(string Service, string Container)> containers, bool follow, int? tail, CancellationToken cancellationToken)
    {
        var width = containers.Select(one => one.Service.Length).DefaultIfEmpty().Max();
        return Task.WhenAll(
            containers.Select(one => CopyAsync(one.Container, $"{one.Service.PadRight(width)} | ", follow, tail, cancellationToken)));
    }

    public async Task CopyAsync(string container, string prefix, bool follow, int? tail, CancellationToken cancellationToken)
    {
        await using var stream = await engine.LogAsync(container, follow, tail, cancellationToken);
        var header = new byte[Header];

        // The first byte of a header says which stream the piece is of: what is written to both at once is not mixed within a line.
        var streams = new SortedDictionary<byte, LogLines>();
        while (await stream.ReadAtLeastAsync(header, Header, throwOnEndOfStream: false, cancellationToken) == Header)
        {
            var content = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4))];
            await stream.ReadExactlyAsync(content, cancellationToken);
            if (!streams.TryGetValue(header[0], out var lines))
            {
                streams.Add(header[0], lines = new LogLines(text => line(prefix + text)));
            }

            lines.Add(content);
        }

        foreach (var lines in streams.Values)
        {
            lines.End();
        }
    }
}
