using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sandbox.Agent.Files;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary>
/// The body of <c>write_file</c>, read as it comes: the text of <c>content</c> goes to a <see cref="Spool"/>, decoded; all the rest is
/// small, and is read by the serializer as any other request, with an empty content.
/// </summary>
internal sealed class WriteFileBody : IDisposable
{
    private const int LargestRest = 1024 * 1024, BufferBytes = 16 * 1024, LongestKey = 16;

    private readonly MemoryStream _rest = new();
    private readonly List<byte> _key = [];
    private readonly byte[] _decoded = new byte[BufferBytes];
    private int _decodedCount;
    private int _depth;
    private bool _expectsKey;
    private bool _isContent;
    private Place _place;
    private int _hexLeft;
    private int _unit;
    private int _highSurrogate;

    private enum Place
    {
        Between,
        Key,
        String,
        Escape,
        Content,
        ContentEscape,
        ContentUnit,
    }

    public Spool Content { get; } = new();

    /// <exception cref="InvalidDataException">It is not the JSON of this request.</exception>
    public async Task<WriteFileRequest> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
            {
                foreach (var one in buffer.AsSpan(0, read))
                {
                    Take(one);
                }
            }

            return JsonSerializer.Deserialize(_rest.GetBuffer().AsSpan(0, (int)_rest.Length), RockRequests.Default.WriteFileRequest)
                ?? throw Malformed();
        }
        catch (JsonException)
        {
            throw Malformed();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => Content.Dispose();

    private static InvalidDataException Malformed() => new("The body is not the JSON of this request.");

    private void Take(byte one)
    {
        switch (_place)
        {
            case Place.Content:
                TakeContent(one);
                break;
            case Place.ContentEscape:
                TakeEscape(one);
                break;
            case Place.ContentUnit:
                TakeHex(one);
                break;
            default:
                Keep(one);
                TakeOther(one);
                break;
        }
    }

    private void Keep(byte one)
    {
        if (_rest.Length == LargestRest)
        {
            throw new InvalidDataException($"All of the body but 'content' must not have more than {LargestRest} bytes.");
        }

        _rest.WriteByte(one);
    }

    private void TakeOther(byte one)
    {
        if (_place == Place.Between)
        {
            TakeBetween(one);
        }
        else if (_place == Place.Escape)
        {
            _place = Place.String;
        }
        else if (one == (byte)'"')
        {
            _isContent = _place == Place.Key ? _key.SequenceEqual("content"u8.ToArray()) : _isContent && _depth > 1;
            _place = Place.Between;
        }
        else if (one == (byte)'\\')
        {
            // A key that is written with escapes is read with the rest: nobody has to write this one so.
            _place = Place.Escape;
        }
        else if (_place == Place.Key && _key.Count < LongestKey)
        {
            _key.Add(one);
        }
    }

    private void TakeBetween(byte one)
    {
        switch (one)
        {
            case (byte)'{' or (byte)'[':
                _expectsKey = ++_depth == 1;
                break;
            case (byte)'}' or (byte)']':
                _depth--;
                break;
            case (byte)',' when _depth == 1:
                (_expectsKey, _isContent) = (true, false);
                break;
            case (byte)'"' when _depth == 1 && _expectsKey:
                _key.Clear();
                (_expectsKey, _place) = (false, Place.Key);
                break;
            case (byte)'"' when _depth == 1 && _isContent:
                Content.Clear();
                _place = Place.Content;
                break;
            case (byte)'"':
                _place = Place.String;
                break;
            default:
                break;
        }
    }

    private void TakeContent(byte one)
    {
        if (_highSurrogate != 0 && one != (byte)'\\')
        {
            throw Malformed();
        }

        if (one == (byte)'"')
        {
            Flush(final: true);
            Keep(one);
            (_isContent, _place) = (false, Place.Between);
        }
        else if (one == (byte)'\\')
        {
            _place = Place.ContentEscape;
        }
        else if (one < 0x20)
        {
            throw Malformed();
        }
        else
        {
            Put(one);
        }
    }

    private void TakeEscape(byte one)
    {
        if (one == (byte)'u')
        {
            (_place, _hexLeft, _unit) = (Place.ContentUnit, 4, 0);
            return;
        }

        var at = "\"\\/bfnrt"u8.IndexOf(one);
        if (at < 0 || _highSurrogate != 0)
        {
            throw Malformed();
        }

        Put("\"\\/\b\f\n\r\t"u8[at]);
        _place = Place.Content;
    }

    private void TakeHex(byte one)
    {
        if (!char.IsAsciiHexDigit((char)one))
        {
            throw Malformed();
        }

        _unit = (_unit << 4) + (one <= (byte)'9' ? one - '0' : (one | 0x20) - 'a' + 10);
        if (--_hexLeft > 0)
        {
            return;
        }

        _place = Place.Content;
        if (_highSurrogate == 0 && char.IsHighSurrogate((char)_unit))
        {
            _highSurrogate = _unit;
        }
        else if (_highSurrogate != 0 && char.IsLowSurrogate((char)_unit))
        {
            Put(new Rune((char)_highSurrogate, (char)_unit));
            _highSurrogate = 0;
        }
        else
        {
            Put(_highSurrogate == 0 && Rune.TryCreate(_unit, out var rune) ? rune : throw Malformed());
        }
    }

    private void Put(Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var one in bytes[..rune.EncodeToUtf8(bytes)])
        {
            Put(one);
        }
    }

    private void Put(byte one)
    {
        if (_decodedCount == _decoded.Length)
        {
            Flush(final: false);
        }

        _decoded[_decodedCount++] = one;
    }

    private void Flush(bool final)
    {
        var whole = _decodedCount - (final ? 0 : OpenAtEnd());
        if (!Utf8.IsValid(_decoded.AsSpan(0, whole)))
        {
            throw Malformed();
        }

        Content.Append(_decoded.AsSpan(0, whole));
        _decoded.AsSpan(whole, _decodedCount - whole).CopyTo(_decoded);
        _decodedCount -= whole;
    }

    /// <summary>Bytes of a character whose rest is still to come.</summary>
    private int OpenAtEnd()
    {
        for (var back = 1; back <= Math.Min(3, _decodedCount); back++)
        {
            var one = _decoded[_decodedCount - back];
            if (one >= 0xC0)
            {
                return back < (one >= 0xF0 ? 4 : one >= 0xE0 ? 3 : 2) ? back : 0;
            }

            if (one < 0x80)
            {
                return 0;
            }
        }

        return 0;
    }
}
