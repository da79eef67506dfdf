namespace Sandbox.Chaos.Histories;

public enum OperationKind
{
    Create,
    Status,

    /// <summary>Appends a mark of its own to the sandbox's file of marks, and reads the whole file.</summary>
    Execute,

    /// <summary>The same through a shell session.</summary>
    Session,

    Stop,
    Restart,

    /// <summary>Begun; a restart takes it out again.</summary>
    Archive,
    Delete,
}

public enum Answer
{
    /// <summary>Acknowledged: it has happened, once.</summary>
    Done,

    /// <summary>Refused with a reason that means that nothing was done.</summary>
    Refused,

    /// <summary>The connection broke, or the failure does not say whether anything was done: it happened once or not at all.</summary>
    Unknown,
}

/// <summary>One call of one client, from before it was sent until its answer was there.</summary>
/// <param name="Number">Unique in the history.</param>
/// <param name="Detail">The state that was told, or why it failed.</param>
/// <param name="Seen">The marks that the sandbox's file had, in their order; null: it was not read.</param>
public sealed record Operation(
    long Number, string Client, string SandboxId, OperationKind Kind, DateTimeOffset Begin, DateTimeOffset End, Answer Answer,
    string Detail = "", IReadOnlyList<string>? Seen = null)
{
    public string Mark => MarkOf(Number);

    /// <summary>It asks for a mark in the sandbox's file.</summary>
    public bool IsMarking => Kind is OperationKind.Execute or OperationKind.Session;

    public bool IsDone => Answer is Answer.Done;

    /// <summary>It may have had its effect.</summary>
    public bool IsPossible => Answer is not Answer.Refused;

    public static string MarkOf(long number) => $"m{number}";

    public override string ToString() =>
        $"{Kind} #{Number} by {Client} on {SandboxId} ({Begin:HH:mm:ss.fff} to {End:HH:mm:ss.fff}, {Answer})";
}
