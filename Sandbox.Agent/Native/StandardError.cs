using System.Text;

namespace Sandbox.Agent.Native;

/// <summary>Standard error without the console classes, which would touch the terminal.</summary>
internal static unsafe class StandardError
{
    internal static void WriteLine(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        fixed (byte* start = bytes)
        {
            _ = Libc.Write(2, start, (nuint)bytes.Length);
        }
    }
}
