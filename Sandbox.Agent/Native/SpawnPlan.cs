namespace Sandbox.Agent.Native;

/// <summary>The attributes and file actions of one posix_spawn; freed with this object.</summary>
internal sealed unsafe class SpawnPlan : IDisposable
{
    // Larger than glibc's structures on every architecture (336, 80 and 128 bytes on x64).
    private const int AttributesSize = 512;
    private const int ActionsSize = 256;
    private const int SignalSetSize = 128;

    private const short SetDefaultSignals = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;
    private const int ReadWrite = 2;

    private readonly byte* _memory;

    internal SpawnPlan(string workingFolder)
    {
        _memory = (byte*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(AttributesSize + ActionsSize + SignalSetSize);
        var signals = _memory + AttributesSize + ActionsSize;
        _ = Libc.SpawnAttributesInit(Attributes);
        _ = Libc.SpawnAttributesSetFlags(Attributes, SetDefaultSignals | SetSignalMask | SetSession);
        _ = Libc.SignalSetFill(signals);
        _ = Libc.SpawnAttributesSetDefaultSignals(Attributes, signals);
        _ = Libc.SignalSetEmpty(signals);
        _ = Libc.SpawnAttributesSetSignalMask(Attributes, signals);
        _ = Libc.SpawnActionsInit(Actions);
        _ = Libc.SpawnActionsAddChdir(Actions, workingFolder);
    }

    internal void* Attributes => _memory;

    internal void* Actions => _memory + AttributesSize;

    /// <summary>The three pipes' ends; −1: /dev/null.</summary>
    internal SpawnPlan WithPipes(int stdin, int stdout, int stderr)
    {
        if (stdin < 0)
        {
            _ = Libc.SpawnActionsAddOpen(Actions, 0, "/dev/null", ReadWrite, 0);
        }
        else
        {
            _ = Libc.SpawnActionsAddDup2(Actions, stdin, 0);
        }

        _ = Libc.SpawnActionsAddDup2(Actions, stdout, 1);
        _ = Libc.SpawnActionsAddDup2(Actions, stderr, 2);
        return WithoutOtherDescriptors();
    }

    /// <summary>Opened by its path by a session leader without one, it becomes the controlling terminal.</summary>
    internal SpawnPlan WithTerminal(string slave)
    {
        _ = Libc.SpawnActionsAddOpen(Actions, 0, slave, ReadWrite, 0);
        _ = Libc.SpawnActionsAddDup2(Actions, 0, 1);
        _ = Libc.SpawnActionsAddDup2(Actions, 0, 2);
        return WithoutOtherDescriptors();
    }

    public void Dispose()
    {
        _ = Libc.SpawnActionsDestroy(Actions);
        _ = Libc.SpawnAttributesDestroy(Attributes);
        System.Runtime.InteropServices.NativeMemory.Free(_memory);
    }

    private SpawnPlan WithoutOtherDescriptors()
    {
        _ = Libc.SpawnActionsAddCloseFrom(Actions, 3);
        return this;
    }
}
