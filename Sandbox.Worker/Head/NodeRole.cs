using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;

namespace Sandbox.Worker.Head;

/// <summary>The role of this node now, and the node that it knows as the head. Each change is a line of the log that people and tests look
/// for.</summary>
internal sealed partial class NodeRole(ILogger<NodeRole> logger)
{
    private readonly Lock _lock = new();
    private NodeMode? _mode;
    private HeadAnswer? _head;

    /// <summary>As it was told last; null: it was not told.</summary>
    public HeadAnswer? Head => Volatile.Read(ref _head);

    public void Hear(HeadAnswer answer) => Volatile.Write(ref _head, answer);

    public void Become(NodeMode mode, string why)
    {
        lock (_lock)
        {
            if (_mode == mode)
            {
                return;
            }

            _mode = mode;
        }

        Log.Because(logger, why);
        if (mode is NodeMode.Head)
        {
            Log.Head(logger);
        }
        else
        {
            Log.Worker(logger);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4401, LogLevel.Information, "→ {Why}")]
        public static partial void Because(ILogger logger, string why);

        [LoggerMessage(4402, LogLevel.Information, "Mode: head")]
        public static partial void Head(ILogger logger);

        [LoggerMessage(4403, LogLevel.Information, "Mode: worker")]
        public static partial void Worker(ILogger logger);
    }
}
