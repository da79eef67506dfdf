using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using Sandbox.Contracts.Wire;

namespace Sandbox.Agent.Files;

/// <summary>Hands a path to the C library as the bytes that it stands for (<see cref="FileNameText"/>).</summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(PathMarshaller))]
internal static unsafe class PathMarshaller
{
    public static byte* ConvertToUnmanaged(string managed)
    {
        var bytes = FileNameText.Encode(managed);
        var memory = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(memory, bytes.Length));
        memory[bytes.Length] = 0;
        return memory;
    }

    public static void Free(byte* unmanaged) => NativeMemory.Free(unmanaged);
}
