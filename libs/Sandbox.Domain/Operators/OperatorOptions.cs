using System.ComponentModel.DataAnnotations;

namespace Sandbox.Domain.Operators;

/// <summary>How long the operator waits for others. Bound from section <c>Operator</c>, checked at start.</summary>
public sealed class OperatorOptions
{
    public const string Section = "Operator";

    /// <summary>Longest time that a stop or a delete waits until the container's work is done; it goes on afterwards.
    /// Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan StopWait { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a waiter looks by itself, in case a wake-up was lost. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Look { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Tries when others write transitions of the same sandbox at the same time. Default 8.</summary>
    [Range(1, 100)]
    public int Tries { get; set; } = 8;
}
