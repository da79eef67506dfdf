using System.Text;
using Sandbox.Agent.Text;

namespace Sandbox.Agent.Rock;

/// <summary>Decodes bytes as Python's <c>bytes.decode(encoding, errors)</c> would, for the encodings that need no tables.</summary>
internal static class PythonCodec
{
    private static readonly Encoding BigUtf32 = new UTF32Encoding(bigEndian: true, byteOrderMark: false);

    public static string Decode(byte[] bytes, string? encoding, string? errors)
    {
        var (decoder, skip) = Open(bytes, encoding, errors);
        try
        {
            var chars = new char[decoder.GetCharCount(bytes.AsSpan(skip), flush: true)];
            decoder.GetChars(bytes.AsSpan(skip), chars, flush: true);
            return new string(chars);
        }
        catch (DecoderFallbackException exception)
        {
            throw Undecodable(encoding, exception, skip);
        }
    }

    /// <param name="head">The first bytes of what is to be decoded.</param>
    /// <returns>The decoder, and how many bytes at the front are a mark of the encoding and no text.</returns>
    public static (Decoder Decoder, int Skip) Open(byte[] head, string? encoding, string? errors)
    {
        var (codec, skip) = Find(encoding ?? "utf-8", head);
        return (
            Encoding.GetEncoding(codec.CodePage, EncoderFallback.ReplacementFallback, Fallback(errors ?? "strict")).GetDecoder(), skip);
    }

    /// <param name="from">Where the bytes began that the decoder was given.</param>
    public static RockFailure Undecodable(string? encoding, DecoderFallbackException exception, long from)
    {
        var unknown = exception.BytesUnknown is [var first, ..] ? $"0x{first:x2}" : "?";
        return new RockFailure($"'{encoding ?? "utf-8"}' codec can't decode byte {unknown} in position {exception.Index + from}");
    }

    private static DecoderFallback Fallback(string errors) => errors switch
    {
        "strict" => DecoderFallback.ExceptionFallback,
        "ignore" => new DecoderReplacementFallback(""),
        "replace" => new DecoderReplacementFallback("\uFFFD"),
        "backslashreplace" => new BackslashFallback(),
        _ => throw new RockFailure($"unknown error handler name '{errors}': strict, ignore, replace or backslashreplace"),
    };

    private static (Encoding Codec, int Skip) Find(string name, byte[] bytes) =>
        name.Replace('_', '-').Replace(' ', '-').ToUpperInvariant() switch
        {
            "UTF-8" or "UTF8" or "U8" or "CP65001" => (Encoding.UTF8, 0),
            "UTF-8-SIG" => (Encoding.UTF8, bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0),
            "LATIN-1" or "LATIN1" or "L1" or "ISO-8859-1" or "ISO8859-1" or "8859" or "CP819" => (Encoding.Latin1, 0),
            "ASCII" or "US-ASCII" or "646" => (Encoding.ASCII, 0),
            "UTF-16" or "UTF16" or "U16" =>
                bytes is [0xFE, 0xFF, ..] ? (Encoding.BigEndianUnicode, 2) : (Encoding.Unicode, bytes is [0xFF, 0xFE, ..] ? 2 : 0),
            "UTF-16-LE" or "UTF-16LE" => (Encoding.Unicode, 0),
            "UTF-16-BE" or "UTF-16BE" => (Encoding.BigEndianUnicode, 0),
            "UTF-32" or "UTF32" or "U32" =>
                bytes is [0, 0, 0xFE, 0xFF, ..] ? (BigUtf32, 4) : (Encoding.UTF32, bytes is [0xFF, 0xFE, 0, 0, ..] ? 4 : 0),
            "UTF-32-LE" or "UTF-32LE" => (Encoding.UTF32, 0),
            "UTF-32-BE" or "UTF-32BE" => (BigUtf32, 0),
            _ => throw new RockFailure($"unknown encoding: {name}"),
        };
}
