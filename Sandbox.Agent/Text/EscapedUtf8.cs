using System.Globalization;
using System.Text;

namespace Sandbox.Agent.Text;

/// <summary>Bytes that should be UTF-8 as text; a byte that is not becomes <c>\xNN</c>, so that nothing is lost unseen.</summary>
internal static class EscapedUtf8
{
    private static readonly Encoding Decoder =
        Encoding.GetEncoding(65001, EncoderFallback.ReplacementFallback, new BackslashFallback());

    public static string Decode(ReadOnlySpan<byte> bytes) => Decoder.GetString(bytes);

    /// <summary>For bytes that come in pieces.</summary>
    public static Decoder NewDecoder() => Decoder.GetDecoder();
}

/// <summary>What Python calls <c>backslashreplace</c>.</summary>
internal sealed class BackslashFallback : DecoderFallback
{
    public override int MaxCharCount => 16;

    public override DecoderFallbackBuffer CreateFallbackBuffer() => new Buffer();

    private sealed class Buffer : DecoderFallbackBuffer
    {
        private string _text = "";
        private int _next;

        public override int Remaining => _text.Length - _next;

        public override bool Fallback(byte[] bytesUnknown, int index)
        {
            _text = string.Concat(bytesUnknown.Select(unknown => $"\\x{unknown.ToString("x2", CultureInfo.InvariantCulture)}"));
            _next = 0;
            return _text.Length > 0;
        }

        public override char GetNextChar() => _next < _text.Length ? _text[_next++] : '\0';

        public override bool MovePrevious() => _next > 0 && _next-- > 0;

        public override void Reset() => (_text, _next) = ("", 0);
    }
}
