using System.Runtime.InteropServices;

namespace Sandbox.Agent.Native;

/// <summary>A pseudo terminal: the agent keeps the master, the child opens the slave by its path.</summary>
internal static unsafe class Terminal
{
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;
    private const int CloseOnExec = 0x80000;
    private const nuint SetWindowSize = 0x5414;
    private const int LocalModes = 3;
    private const uint Echo = 0x8;

    /// <returns>The master's descriptor, or −1.</returns>
    internal static int Open(TerminalSettings settings, out string slave)
    {
        slave = "";
        var master = Libc.OpenPty(ReadWrite | NoControllingTerminal | CloseOnExec);
        if (master < 0)
        {
            return -1;
        }

        var name = stackalloc byte[128];
        if (Libc.GrantPty(master) != 0 || Libc.UnlockPty(master) != 0 || Libc.PtyName(master, name, 128) != 0)
        {
            _ = Libc.Close(master);
            return -1;
        }

        slave = Marshal.PtrToStringUTF8((nint)name)!;
        Resize(master, settings.Columns, settings.Rows);
        if (!settings.Echo)
        {
            SetEcho(master, false);
        }

        return master;
    }

    internal static void Resize(int master, ushort columns, ushort rows)
    {
        var size = stackalloc ushort[4] { rows, columns, 0, 0 };
        _ = Libc.Ioctl(master, SetWindowSize, size);
    }

    internal static void SetEcho(int master, bool on)
    {
        // struct termios starts with four words of modes (input, output, control, local); it has 60 bytes.
        var settings = stackalloc uint[32];
        if (Libc.GetTerminal(master, settings) == 0)
        {
            settings[LocalModes] = on ? settings[LocalModes] | Echo : settings[LocalModes] & ~Echo;
            _ = Libc.SetTerminal(master, 0, settings);
        }
    }
}
