using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sandbox.Cluster.Signatures;

/// <summary>A piece of a signed body: its length (4 bytes, big-endian), a keyed hash over its number and its bytes, and the bytes. One
/// without bytes ends the body, so that a body that was cut off is told from a whole one.</summary>
internal static class BodyFrame
{
    /// <summary>Most bytes of one frame.</summary>
    public const int Largest = 64 * 1024;

    public const int HeaderSize = sizeof(int) + HMACSHA256.HashSizeInBytes;

    public static void WriteHeader(Span<byte> header, IncrementalHash hmac, ulong number, ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(header, bytes.Length);
        Hash(header[sizeof(int)..], hmac, number, bytes);
    }

    /// <summary>How many bytes follow.</summary>
    /// <exception cref="InvalidDataException">More than a frame has.</exception>
    public static int LengthOf(ReadOnlySpan<byte> header) =>
        BinaryPrimitives.ReadInt32BigEndian(header) is >= 0 and <= Largest and var length
            ? length : throw new InvalidDataException("The frame of a signed body is too long.");

    /// <exception cref="InvalidDataException">They are not what was signed.</exception>
    public static void Verify(ReadOnlySpan<byte> header, IncrementalHash hmac, ulong number, ReadOnlySpan<byte> bytes)
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Hash(expected, hmac, number, bytes);
        if (!CryptographicOperations.FixedTimeEquals(expected, header[sizeof(int)..]))
        {
            throw new InvalidDataException("A signed body was changed on its way.");
        }
    }

    private static void Hash(Span<byte> into, IncrementalHash hmac, ulong number, ReadOnlySpan<byte> bytes)
    {
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(prefix, number);
        hmac.AppendData(prefix);
        hmac.AppendData(bytes);
        hmac.GetHashAndReset(into);
    }
}
