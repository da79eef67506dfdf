using System.Buffers.Binary;

namespace Sandbox.Contracts.Envd;

/// <summary>The frame around each message of a stream of the Connect protocol: a byte of flags, the message's length in four bytes,
/// big-endian, then the message.</summary>
public static class ConnectEnvelope
{
    public const int HeaderSize = 5;

    /// <summary>The message is compressed.</summary>
    public const byte Compressed = 1;

    /// <summary>The last one: its message says how the stream ended.</summary>
    public const byte End = 2;

    public static byte[] Frame(ReadOnlySpan<byte> message, byte flags = 0)
    {
        var envelope = new byte[HeaderSize + message.Length];
        WriteHeader(envelope, flags, message.Length);
        message.CopyTo(envelope.AsSpan(HeaderSize));
        return envelope;
    }

    /// <param name="envelope">At least <see cref="HeaderSize"/> bytes.</param>
    /// <param name="length">Of the message, bytes.</param>
    public static void WriteHeader(Span<byte> envelope, byte flags, int length)
    {
        envelope[0] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(envelope[1..], (uint)length);
    }

    /// <summary>Bytes of the message behind a header.</summary>
    public static uint LengthOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
}
