namespace Sandbox.Domain.Operators;

/// <summary>Which part of a log is asked for.</summary>
/// <param name="Follow">What is written from now on, too, until the sandbox ends.</param>
/// <param name="Tail">At most so many of the last lines; null: all that is kept.</param>
/// <param name="Since">Only what was written at this time or later; null: whenever.</param>
public sealed record LogQuery(bool Follow = false, int? Tail = null, DateTimeOffset? Since = null)
{
    public const int LongestTail = 100_000;
}
