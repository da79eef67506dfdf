namespace Sandbox.Agent.Native;

/// <summary>What the agent does to its own process before anything else.</summary>
internal static class AgentProcess
{
    private const int BecomeSubreaper = 36;
    private const int ReadWrite = 2;
    private static readonly nint Ignore = 1;

    internal static void Prepare()
    {
        // Descriptors 0 to 2 must be taken: a pipe that got one of these numbers would be overwritten in the child.
        int opened;
        do
        {
            opened = Libc.Open("/dev/null", ReadWrite, 0);
        }
        while (opened is >= 0 and <= 2);
        _ = Libc.Close(opened);

        // Ignored by the process that started us, it would make children vanish unseen.
        _ = Libc.Signal(Signals.Child, 0);
        _ = Libc.Signal(Signals.Pipe, Ignore);
        _ = Libc.Signal(Signals.Hangup, Ignore);

        // Fails where the agent leads its group already (under an init): then it has what it needs.
        _ = Libc.SetSession();
        _ = Libc.ProcessControl(BecomeSubreaper, 1, 0, 0, 0);
    }
}
