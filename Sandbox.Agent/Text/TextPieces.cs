using System.Text;
using Sandbox.Agent.Files;

namespace Sandbox.Agent.Text;

/// <summary>Kept bytes as text, a piece at a time, so that the whole of it never is in memory.</summary>
/// <param name="skip">Bytes at the front that are no text.</param>
internal sealed class TextPieces(Spool bytes, Decoder decoder, int skip = 0)
{
    private const int Piece = 2048;

    // A byte becomes four characters at most (an escape); a few may be left of the piece before.
    private readonly char[] _chars = new char[(Piece + 16) * 4];
    private readonly byte[] _bytes = new byte[Piece];
    private long _at = skip;
    private bool _ended;

    /// <summary>Where the piece began that was read last.</summary>
    public long Position { get; private set; }

    /// <summary>Valid until the next call. Null at the end.</summary>
    /// <exception cref="DecoderFallbackException">A strict decoder found what it cannot read.</exception>
    public ReadOnlyMemory<char>? Next()
    {
        while (!_ended)
        {
            Position = _at;
            var count = bytes.Read(_at, _bytes);
            _at += count;
            _ended = count == 0;
            var length = decoder.GetChars(_bytes.AsSpan(0, count), _chars, flush: _ended);
            if (length > 0)
            {
                return _chars.AsMemory(0, length);
            }
        }

        return null;
    }
}
