using Sandbox.Chaos.Histories;

namespace Sandbox.Chaos;

/// <summary>What a run gets done before it ends. A run that ended after some seconds would ask for less on a slow machine, and in
/// the end for nothing.</summary>
public sealed record Goal
{
    /// <summary>Operations of all kinds, whatever their answer.</summary>
    public int Operations { get; init; }

    /// <summary>Acknowledged operations of a kind.</summary>
    public IReadOnlyDictionary<OperationKind, int> Done { get; init; } = new Dictionary<OperationKind, int>();

    /// <summary>Faults that were injected and healed, all together.</summary>
    public int Faults { get; init; }

    /// <summary>The same, of each kind.</summary>
    public int FaultsOfEach { get; init; }

    /// <summary>So many operations are acknowledged, statuses not counted, before the next fault comes: a slow machine is not harmed more
    /// often for what it does. Zero: faults come by time.</summary>
    public int DoneBeforeNextFault { get; init; }

    /// <summary>A run that has not got there by then has failed.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>What is still to be done, for people; empty: nothing is.</summary>
    public IEnumerable<string> Missing(Recorder recorder, IReadOnlyDictionary<string, int> faults)
    {
        if (recorder.Count < Operations)
        {
            yield return $"{recorder.Count} of {Operations} operations";
        }

        foreach (var (kind, count) in Done.Where(goal => recorder.Done(goal.Key) < goal.Value))
        {
            yield return $"{recorder.Done(kind)} of {count} acknowledged by {kind}";
        }

        if (faults.Values.Sum() < Faults)
        {
            yield return $"{faults.Values.Sum()} of {Faults} faults";
        }

        foreach (var (kind, count) in faults.Where(fault => fault.Value < FaultsOfEach))
        {
            yield return $"{count} of {FaultsOfEach} times {kind}";
        }
    }
}
