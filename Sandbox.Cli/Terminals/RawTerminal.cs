using Sandbox.Contracts.Envd;

namespace Sandbox.Cli.Terminals;

/// <summary>Hands the terminal to the program at the other end: every key as it is typed, nothing echoed here. Disposing
/// gives it back as it was.</summary>
internal sealed class RawTerminal : IDisposable
{
    // Larger than the structure on any system; only the C library looks inside.
    private const int AttributesSize = 256;

    private readonly byte[] _before = new byte[AttributesSize];
    private bool _changed;

    public static unsafe RawTerminal Enter()
    {
        var terminal = new RawTerminal();
        var raw = new byte[AttributesSize];
        fixed (byte* before = terminal._before, changed = raw)
        {
            if (Native.GetAttributes(Native.StandardInput, before) != 0)
            {
                return terminal;
            }

            terminal._before.CopyTo(raw, 0);
            Native.MakeRaw(changed);
            terminal._changed = Native.SetAttributes(Native.StandardInput, Native.AfterDrain, changed) == 0;
        }

        return terminal;
    }

    /// <summary>Columns and rows; 80 by 24 where there is no terminal.</summary>
    public static unsafe PtySize Size()
    {
        var size = stackalloc ushort[4];
        var known = Native.IoControl(Native.StandardOutput, Native.GetWindowSize, size) == 0 && size[0] > 0 && size[1] > 0;
        return known ? new PtySize(Cols: size[1], Rows: size[0]) : new PtySize(Cols: 80, Rows: 24);
    }

    public unsafe void Dispose()
    {
        if (_changed)
        {
            fixed (byte* before = _before)
            {
                _ = Native.SetAttributes(Native.StandardInput, Native.AfterDrain, before);
            }

            _changed = false;
        }
    }
}
