namespace Sandbox.Agent.Sessions;

internal enum SessionFailureKind
{
    Unknown,
    Exists,
    InvalidRequest,
    CannotStart,

    /// <summary>The shell is gone; the session is there until it is closed.</summary>
    Ended,
    TimedOut,
    Syntax,
    CommandFailed,
    TooMuchOutput,
}

/// <summary>What a caller of a session can cause. Its text names a time limit only when it was one: clients look for that word.</summary>
internal sealed class SessionFailure(
    SessionFailureKind kind, string message, IReadOnlyDictionary<string, string>? details = null) : Exception(message)
{
    private static readonly Dictionary<string, string> None = [];

    public SessionFailureKind Kind { get; } = kind;

    public IReadOnlyDictionary<string, string> Details { get; } = details ?? None;
}
