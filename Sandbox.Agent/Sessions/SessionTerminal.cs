using Sandbox.Agent.Native;

namespace Sandbox.Agent.Sessions;

/// <summary>The terminal under a session's shell: its settings, and who is in its foreground.</summary>
internal sealed unsafe class SessionTerminal
{
    private const int SettingsBytes = 128;
    private const nuint GetForegroundGroup = 0x540F;

    private readonly ChildProcess _child;
    private readonly byte[] _settings = new byte[SettingsBytes];

    public SessionTerminal(ChildProcess child)
    {
        _child = child;
        child.WithTerminal(master =>
        {
            fixed (byte* settings = _settings)
            {
                _ = Libc.GetTerminal(master, settings);
            }
        });
    }

    /// <summary>
    /// As it was at the start, whatever a program left behind: the shell reads lines and nothing is echoed. Not while another
    /// program (such as a shell inside the shell) has the terminal and keeps it in a way of its own.
    /// </summary>
    public void Restore() => _child.WithTerminal(master =>
    {
        if (ForegroundGroup(master) == _child.Pid)
        {
            fixed (byte* settings = _settings)
            {
                _ = Libc.SetTerminal(master, 0, settings);
            }
        }
    });

    /// <summary>Signals the job in the foreground.</summary>
    /// <param name="signal">For a job; the shell itself is only ever interrupted.</param>
    public void SignalForeground(int signal) => _child.WithTerminal(master =>
    {
        if (ForegroundGroup(master) is var group and > 1)
        {
            _ = Libc.Kill(-group, group == _child.Pid ? Signals.Interrupt : signal);
        }
    });

    /// <summary>Whether it is the shell itself, or what took its place, that reads the terminal.</summary>
    public bool ShellHasForeground()
    {
        var shell = false;
        _child.WithTerminal(master => shell = ForegroundGroup(master) == _child.Pid);
        return shell;
    }

    private static int ForegroundGroup(int master)
    {
        int group;
        return Libc.Ioctl(master, GetForegroundGroup, &group) == 0 ? group : 0;
    }
}
