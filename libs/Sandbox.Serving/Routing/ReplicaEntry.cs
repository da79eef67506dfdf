namespace Sandbox.Serving.Routing;

/// <summary>A replica in a pool. For the holder of the pool's lock.</summary>
internal sealed class ReplicaEntry(Replica replica, ReplicaHealth health)
{
    public Replica Replica { get; } = replica;

    public ReplicaHealth Health { get; } = health;

    public ulong Hash { get; } = AffinityKey.HashOf(replica.Id);

    /// <summary>Completes when it is drained and has ended its last request.</summary>
    public TaskCompletionSource Drained { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Outstanding { get; set; }

    /// <summary>Those of them that were sent to see whether it is well again.</summary>
    public int Trials { get; set; }

    /// <summary>How often it was ejected.</summary>
    public int Ejections { get; set; }

    public bool IsDraining { get; set; }

    /// <summary>Wakes those who wait when its ejection ends.</summary>
    public ITimer? TrialTimer { get; set; }

    /// <summary>A replica on trial gets one request at a time: should it still be ill, one more is lost and not many.</summary>
    public bool CanTake(int most) =>
        !IsDraining && !Health.IsEjected && Outstanding < most && (!Health.IsOnTrial || Trials == 0);

    public void CompleteWhenDrained()
    {
        if (IsDraining && Outstanding == 0)
        {
            Drained.TrySetResult();
        }
    }
}
