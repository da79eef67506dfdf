using System.Buffers.Binary;

namespace Sandbox.Testing.Telemetry;

/// <summary>The wire form of protobuf, as far as spans and metrics need it.</summary>
internal static class ProtoMessage
{
    private const int Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5;

    /// <summary>All values of a field that holds messages, texts or bytes.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Fields(ReadOnlyMemory<byte> message, int number) =>
        Read(message).Where(field => field.Number == number && field.Kind == Length).Select(field => field.Value);

    /// <summary>A number of eight bytes; 0 where there is none.</summary>
    public static ulong Fixed(ReadOnlyMemory<byte> message, int number) =>
        Read(message).Where(field => field.Number == number && field.Kind == Fixed64)
            .Select(field => BinaryPrimitives.ReadUInt64LittleEndian(field.Value.Span)).FirstOrDefault();

    /// <summary>A number of variable length; 0 where there is none.</summary>
    public static ulong Number(ReadOnlyMemory<byte> message, int number)
    {
        var field = Read(message).FirstOrDefault(field => field.Number == number && field.Kind == Varint);
        var at = 0;
        return field.Value.IsEmpty ? 0 : Next(field.Value, ref at);
    }

    private static IEnumerable<(int Number, int Kind, ReadOnlyMemory<byte> Value)> Read(ReadOnlyMemory<byte> message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var tag = Next(message, ref at);
            var kind = (int)(tag & 7);
            var begin = at;
            var size = kind switch
            {
                Varint => VarintSize(message, at),
                Fixed64 => 8,
                Fixed32 => 4,
                Length => checked((int)Next(message, ref begin)),
                _ => throw new InvalidDataException($"protobuf field of unknown kind {kind} at {at}"),
            };
            at = begin + size;
            yield return ((int)(tag >> 3), kind, message.Slice(begin, size));
        }
    }

    private static int VarintSize(ReadOnlyMemory<byte> message, int at)
    {
        var end = at;
        Next(message, ref end);
        return end - at;
    }

    private static ulong Next(ReadOnlyMemory<byte> message, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var one = message.Span[at++];
            value |= (ulong)(one & 0x7f) << shift;
            if (one < 0x80)
            {
                return value;
            }
        }
    }
}
