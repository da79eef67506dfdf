using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Sandbox.Api.Http;

/// <summary>Writes JSON again as it arrives, with as few escapes as JSON allows, so that what is kept of a text is hardly longer than the
/// text itself, and checks that its texts are Unicode. Whether it is JSON is for its reader to find out: outside of texts there is no
/// backslash in JSON, and nothing there changes.</summary>
/// <param name="output">Null: it is only checked.</param>
internal sealed class JsonTextFilter(IBufferWriter<byte>? output)
{
    private const int LongestEscape = 6;

    private readonly Decoder _utf8 =
        new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetDecoder();

    private readonly byte[] _escape = new byte[LongestEscape];
    private int _length;
    private char _high;

    /// <summary>Bytes that have arrived, an escaped character counted as what it stands for.</summary>
    public long Content { get; private set; }

    /// <summary>Bytes that were written.</summary>
    public long Written { get; private set; }

    /// <exception cref="JsonException">It is no text in Unicode.</exception>
    public void Append(ReadOnlySpan<byte> piece)
    {
        Check(piece, isLast: false);
        while (piece.Length > 0)
        {
            piece = piece[(_length == 0 ? TakePlain(piece) : TakeEscaped(piece[0]))..];
        }
    }

    /// <summary>Nothing follows.</summary>
    /// <exception cref="JsonException">It ends within a character.</exception>
    public void End()
    {
        Check([], isLast: true);
        DemandNoHalf();
        if (_length > 0)
        {
            throw new JsonException();
        }
    }

    private int TakePlain(ReadOnlySpan<byte> piece)
    {
        var end = piece.IndexOf((byte)'\\');
        var plain = end < 0 ? piece : piece[..end];
        if (plain.Length > 0)
        {
            DemandNoHalf();
            Write(plain, plain.Length);
        }

        if (end < 0)
        {
            return plain.Length;
        }

        _escape[_length++] = (byte)'\\';
        return end + 1;
    }

    private int TakeEscaped(byte next)
    {
        _escape[_length++] = next;
        if (_escape[1] != 'u')
        {
            DemandNoHalf();
            Write(_escape.AsSpan(0, _length), 1);
            _length = 0;
        }
        else if (_length == LongestEscape)
        {
            TakeUnit();
            _length = 0;
        }

        return 1;
    }

    /// <summary>One unit of UTF-16, of which a character has one or two.</summary>
    private void TakeUnit()
    {
        if (!Utf8Parser.TryParse(_escape.AsSpan(2), out ushort number, out var digits, 'x') || digits != LongestEscape - 2)
        {
            throw new JsonException();
        }

        var unit = (char)number;
        if (char.IsLowSurrogate(unit) && _high != 0)
        {
            WriteRune(new Rune(_high, unit));
            _high = '\0';
            return;
        }

        DemandNoHalf();
        if (char.IsHighSurrogate(unit))
        {
            _high = unit;
        }
        else if (unit is < ' ' or '"' or '\\')
        {
            Write(_escape, 1);
        }
        else
        {
            WriteRune(Rune.TryCreate(unit, out var rune) ? rune : throw new JsonException());
        }
    }

    private void WriteRune(Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        var length = rune.EncodeToUtf8(bytes);
        Write(bytes[..length], length);
    }

    private void Write(ReadOnlySpan<byte> bytes, int content)
    {
        output?.Write(bytes);
        Written += bytes.Length;
        Content += content;
    }

    private void DemandNoHalf()
    {
        if (_high != 0)
        {
            throw new JsonException();
        }
    }

    private void Check(ReadOnlySpan<byte> piece, bool isLast)
    {
        Span<char> unread = stackalloc char[512];
        try
        {
            do
            {
                _utf8.Convert(piece, unread, isLast, out var used, out _, out _);
                piece = piece[used..];
            }
            while (piece.Length > 0);
        }
        catch (DecoderFallbackException exception)
        {
            throw new JsonException("It is not valid UTF-8.", exception);
        }
    }
}
