using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Sandbox.Deployments.Networks;

/// <summary>One question to a name server as a datagram has it, and its answer (RFC 1035). What comes from a sandbox is not to be
/// trusted: anything but one plain question is none.</summary>
/// <param name="Name">In lower case, without a dot at its end.</param>
/// <param name="Asked">The question as it came, for the answer to repeat.</param>
internal sealed record DnsQuestion(ushort Id, string Name, ushort Type, byte[] Asked)
{
    public const ushort TypeA = 1;

    /// <summary>Addresses that an answer has at most, so that it fits into the 512 bytes that every client takes.</summary>
    public const int MostAddresses = 12;

    private const int HeaderLength = 12, LongestName = 253, ClassInternet = 1;

    public static DnsQuestion? TryRead(ReadOnlySpan<byte> datagram)
    {
        // A question, of the usual kind, and one of them.
        if (datagram.Length < HeaderLength || (datagram[2] & 0xF8) != 0 || BinaryPrimitives.ReadUInt16BigEndian(datagram[4..]) != 1)
        {
            return null;
        }

        var name = new StringBuilder();
        var at = HeaderLength;
        while (at < datagram.Length && datagram[at] is > 0 and < 64 and var length)
        {
            if (at + 1 + length >= datagram.Length || name.Length + length > LongestName)
            {
                return null;
            }

            name.Append(name.Length > 0 ? "." : "").Append(Encoding.Latin1.GetString(datagram.Slice(at + 1, length)));
            at += 1 + length;
        }

        return name.Length > 0 && at + 5 <= datagram.Length && datagram[at] == 0
            && BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 3)..]) == ClassInternet
            ? new DnsQuestion(
                BinaryPrimitives.ReadUInt16BigEndian(datagram), name.ToString().ToLowerInvariant(),
                BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 1)..]), datagram[HeaderLength..(at + 5)].ToArray())
            : null;
    }

    /// <param name="addresses">IPv4, at most <see cref="MostAddresses"/>.</param>
    public byte[] Answer(DnsStatus status, IReadOnlyList<IPAddress> addresses, TimeSpan validFor)
    {
        var answer = new byte[HeaderLength + Asked.Length + (16 * addresses.Count)];
        BinaryPrimitives.WriteUInt16BigEndian(answer, Id);

        // An answer, with recursion, which was available.
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2), (ushort)(0x8180 | (int)status));
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), (ushort)addresses.Count);
        Asked.CopyTo(answer, HeaderLength);
        var rest = answer.AsSpan(HeaderLength + Asked.Length);
        foreach (var address in addresses)
        {
            // Of the name that was asked for, where it stands above.
            BinaryPrimitives.WriteUInt16BigEndian(rest, 0xC000 | HeaderLength);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], TypeA);
            BinaryPrimitives.WriteUInt16BigEndian(rest[4..], ClassInternet);
            BinaryPrimitives.WriteUInt32BigEndian(rest[6..], (uint)validFor.TotalSeconds);
            BinaryPrimitives.WriteUInt16BigEndian(rest[10..], 4);
            address.GetAddressBytes().CopyTo(rest[12..]);
            rest = rest[16..];
        }

        return answer;
    }
}
