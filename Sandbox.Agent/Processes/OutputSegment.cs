using System.Buffers.Binary;

namespace Sandbox.Agent.Processes;

/// <summary>One piece of an <see cref="OutputLog"/>: records of kind (1 byte), length (2 bytes) and bytes, appended only.</summary>
internal sealed class OutputSegment(int size)
{
    internal const int Header = 3;

    // Below the size from which the runtime keeps an array out of its generations.
    private const int Largest = 64 * 1024;
    private const int Smallest = 1024;

    private readonly byte[] _data = GC.AllocateUninitializedArray<byte>(size);

    internal int Size => _data.Length;

    internal OutputSegment? Next { get; set; }

    /// <summary>Where the next record will stand.</summary>
    internal int Used { get; private set; }

    /// <summary>Bytes of output in it.</summary>
    internal int Bytes { get; private set; }

    internal bool HasRoom => _data.Length - Used > Header;

    internal int NextSize => Math.Min(Largest, _data.Length * 4);

    internal static int SizeFor(int bytes) => Math.Clamp(bytes + Header, Smallest, Largest);

    /// <returns>How many bytes found room.</returns>
    internal int Append(OutputKind kind, ReadOnlySpan<byte> bytes)
    {
        var count = Math.Min(Math.Min(bytes.Length, _data.Length - Used - Header), ushort.MaxValue);
        _data[Used] = (byte)kind;
        BinaryPrimitives.WriteUInt16LittleEndian(_data.AsSpan(Used + 1), (ushort)count);
        bytes[..count].CopyTo(_data.AsSpan(Used + Header));
        Used += Header + count;
        Bytes += count;
        return count;
    }

    internal (OutputKind Kind, ReadOnlyMemory<byte> Bytes) Read(int at)
    {
        var count = BinaryPrimitives.ReadUInt16LittleEndian(_data.AsSpan(at + 1));
        return ((OutputKind)_data[at], _data.AsMemory(at + Header, count));
    }
}
