namespace Sandbox.Agent.Native;

/// <summary>The descriptors of one spawn: the child's ends, closed here after it, and ours, which become streams.</summary>
internal sealed unsafe class SpawnDescriptors : IDisposable
{
    private const int CloseOnExec = 0x80000;

    private readonly List<int> _theirs = [];
    private readonly List<int> _ours = [];

    /// <summary>Path of the terminal's slave; null with pipes.</summary>
    internal string? Slave { get; private set; }

    internal static SpawnDescriptors? TryOpen(SpawnRequest request)
    {
        var descriptors = new SpawnDescriptors();
        var opened = request.Terminal is { } terminal
            ? descriptors.TryTerminal(terminal, request)
            : (!request.OpenStdin || descriptors.TryPipe(ours: 1)) && descriptors.TryPipe(ours: 0) && descriptors.TryPipe(ours: 0);
        if (opened)
        {
            return descriptors;
        }

        descriptors.Dispose();
        return null;
    }

    internal SpawnPlan Plan(string workingFolder) =>
        Slave is not null ? new SpawnPlan(workingFolder).WithTerminal(Slave)
        : _theirs.Count == 3 ? new SpawnPlan(workingFolder).WithPipes(_theirs[0], _theirs[1], _theirs[2])
        : new SpawnPlan(workingFolder).WithPipes(-1, _theirs[0], _theirs[1]);

    /// <summary>Our ends now belong to the streams.</summary>
    internal ChildStreams TakeStreams()
    {
        var streams = _ours.ConvertAll(descriptor => new DescriptorStream(descriptor, terminal: Slave is not null));
        _ours.Clear();
        return streams.Count switch
        {
            1 => new ChildStreams(null, null, null, streams[0]),
            2 => new ChildStreams(null, streams[0], streams[1], null),
            _ => new ChildStreams(streams[0], streams[1], streams[2], null),
        };
    }

    public void Dispose()
    {
        foreach (var descriptor in _theirs.Concat(_ours))
        {
            _ = Libc.Close(descriptor);
        }

        _theirs.Clear();
        _ours.Clear();
    }

    private bool TryPipe(int ours)
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe2(ends, CloseOnExec) != 0)
        {
            return false;
        }

        _ours.Add(ends[ours]);
        _theirs.Add(ends[1 - ours]);
        return true;
    }

    private bool TryTerminal(TerminalSettings settings, SpawnRequest request)
    {
        var master = Terminal.Open(settings, out var slave);
        if (master < 0)
        {
            return false;
        }

        _ours.Add(master);
        Slave = slave;
        if (request.RunAs is { } account)
        {
            _ = Libc.Chown(slave, account.User, account.Group);
        }

        return true;
    }
}
