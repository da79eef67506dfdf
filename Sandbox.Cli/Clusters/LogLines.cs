using System.Text;

namespace Sandbox.Cli.Clusters;

/// <summary>Lines out of one of a container's streams, whose pieces may end within a line and within a character.</summary>
internal sealed class LogLines(Action<string> line)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _rest = new();

    public void Add(ReadOnlySpan<byte> piece)
    {
        Decode(piece, flush: false);
        var lines = _rest.ToString().Split('\n');
        foreach (var whole in lines.AsSpan(0, lines.Length - 1))
        {
            line(whole.TrimEnd('\r'));
        }

        _rest.Clear().Append(lines[^1]);
    }

    /// <summary>What has no end of line, if anything.</summary>
    public void End()
    {
        Decode([], flush: true);
        if (_rest.Length > 0)
        {
            line(_rest.ToString());
        }
    }

    private void Decode(ReadOnlySpan<byte> piece, bool flush)
    {
        var text = new char[_decoder.GetCharCount(piece, flush)];
        _rest.Append(text, 0, _decoder.GetChars(piece, text, flush));
    }
}
