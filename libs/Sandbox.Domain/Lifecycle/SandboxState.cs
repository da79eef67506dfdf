namespace Sandbox.Domain.Lifecycle;

/// <summary>What a sandbox is. The names on the wire are these in lower case.</summary>
public enum SandboxState
{
    Pending,
    Running,
    Stopped,
    Archiving,
    Archived,
    Deleted,
}

/// <summary>What may happen to a sandbox. <c>ToString()</c> in snake case is the event's name in the history.</summary>
public enum SandboxEvent
{
    /// <summary>The agent answers.</summary>
    Alive,

    /// <summary>A caller asked for a stop, or a deadline passed.</summary>
    Stop,

    Restart,
    Delete,
    Archive,
    ArchiveDone,
    ArchiveFailed,
    Restore,
    RestoreFailed,

    /// <summary>The container could not be started; the failed phase says why.</summary>
    StartFailed,

    /// <summary>The container, or after a grace its node, is gone.</summary>
    Lost,

    /// <summary>A returning node's container was found alive within the grace.</summary>
    Readopted,
}
