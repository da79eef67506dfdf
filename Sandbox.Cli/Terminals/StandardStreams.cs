using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Cli.Terminals;

/// <summary>The bytes of standard input and output as they are: nothing is edited, decoded or swallowed.</summary>
internal static class StandardStreams
{
    public static bool InputIsTerminal => Native.IsTerminal(Native.StandardInput) == 1;

    /// <summary>
    /// Whether there is an input to be read. One that was closed (<c>&lt;&amp;-</c>) has its number taken by a file of the runtime's own,
    /// which never was inherited; a terminal in whose background we run would stop us.
    /// </summary>
    public static bool HasInput =>
        Native.Control(Native.StandardInput, Native.GetDescriptorFlags, 0) is >= 0 and var flags && (flags & Native.CloseOnExec) == 0
        && (!InputIsTerminal || Native.ForegroundGroup(Native.StandardInput) == Native.OwnGroup());

    public static bool OutputIsTerminal => Native.IsTerminal(Native.StandardOutput) == 1;

    public static bool ErrorIsTerminal => Native.IsTerminal(Native.StandardError) == 1;

    /// <summary>Blocks until there is something; 0 at the end.</summary>
    public static unsafe int Read(Span<byte> buffer)
    {
        while (true)
        {
            nint count;
            fixed (byte* start = buffer)
            {
                count = Native.Read(Native.StandardInput, start, buffer.Length);
            }

            if (count >= 0)
            {
                return (int)count;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Native.Interrupted:
                    break;
                case Native.TryAgain:
                    WaitFor(Native.StandardInput, Native.PollIn);
                    break;
                default:
                    // A terminal that went away (EIO), or an input that was closed (EBADF): nothing more will come.
                    return 0;
            }
        }
    }

    public static void WriteOutput(ReadOnlySpan<byte> bytes) => Write(Native.StandardOutput, bytes);

    public static void WriteError(ReadOnlySpan<byte> bytes) => Write(Native.StandardError, bytes);

    public static void WriteOutputLine(string text) => WriteOutput(Encoding.UTF8.GetBytes(text + "\n"));

    /// <summary>One line for people, whatever is in the text. That nobody can read it is no reason to fail.</summary>
    public static void WriteErrorLine(string text)
    {
        try
        {
            WriteError(Encoding.UTF8.GetBytes(PlainText.OneLine(text) + "\n"));
        }
        catch (IOException)
        {
        }
    }

    private static unsafe void Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint count;
            fixed (byte* start = bytes)
            {
                count = Native.Write(descriptor, start, bytes.Length);
            }

            if (count > 0)
            {
                bytes = bytes[(int)count..];
                continue;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == Native.TryAgain)
            {
                WaitFor(descriptor, Native.PollOut);
            }
            else if (error != Native.Interrupted)
            {
                throw error == Native.BrokenPipe ? new BrokenPipeException() : new IOException(new Win32Exception(error).Message);
            }
        }
    }

    private static void WaitFor(int descriptor, short what)
    {
        var entry = new Native.PollEntry { Descriptor = descriptor, Asked = what };
        _ = Native.Poll(ref entry, 1, -1);
    }
}

/// <summary>Whoever read our output went away.</summary>
internal sealed class BrokenPipeException() : IOException("broken pipe");
