using System.Buffers.Binary;
using System.Text;

namespace Sandbox.Cli.Clusters;

/// <summary>The lines of several containers, each with its service's name before it.</summary>
internal sealed class EngineLogs(EngineApi engine, Action<string> line)
{
    private const int Header = 8;

    public Task CopyAsync(IReadOnlyList<(string Service, string Container)> containers, bool follow, int? tail, CancellationToken cancellationToken)
    {
        var width = containers.Select(one => one.Service.Length).DefaultIfEmpty().Max();
        return Task.WhenAll(containers.Select(one => CopyAsync(one.Container, $"{one.Service.PadRight(width)} | ", follow, tail, cancellationToken)));
    }

    public async Task CopyAsync(string container, string prefix, bool follow, int? tail, CancellationToken cancellationToken)
    {
        await using var stream = await engine.LogAsync(container, follow, tail, cancellationToken);
        var (header, rest) = (new byte[Header], new StringBuilder());
        while (await stream.ReadAtLeastAsync(header, Header, throwOnEndOfStream: false, cancellationToken) == Header)
        {
            var content = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4))];
            await stream.ReadExactlyAsync(content, cancellationToken);
            rest.Append(Encoding.UTF8.GetString(content));
            Flush(rest, prefix);
        }

        if (rest.Length > 0)
        {
            line(prefix + rest);
        }
    }

    private void Flush(StringBuilder text, string prefix)
    {
        var lines = text.ToString().Split('\n');
        foreach (var whole in lines.AsSpan(0, lines.Length - 1))
        {
            line(prefix + whole.TrimEnd('\r'));
        }

        text.Clear().Append(lines[^1]);
    }
}
