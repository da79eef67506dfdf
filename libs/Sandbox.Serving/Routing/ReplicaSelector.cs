namespace Sandbox.Serving.Routing;

/// <summary>Which of the replicas that can take a request gets it.</summary>
internal static class ReplicaSelector
{
    /// <summary>The one that the affinity prefers, as long as it is not too far ahead of the least busy one; else the least busy one, and
    /// among several of those each in turn.</summary>
    /// <param name="candidates">At least one.</param>
    /// <param name="turn">A number that grows with each request.</param>
    /// <returns>Its index.</returns>
    public static int Select(ReadOnlySpan<ReplicaLoad> candidates, AffinityKey? affinity, int slack, uint turn)
    {
        var least = int.MaxValue;
        foreach (var candidate in candidates)
        {
            least = Math.Min(least, candidate.Outstanding);
        }

        if (affinity is { } key && PreferredOf(candidates, key) is var preferred && candidates[preferred].Outstanding - least <= slack)
        {
            return preferred;
        }

        for (var index = (int)(turn % (uint)candidates.Length); ; index = (index + 1) % candidates.Length)
        {
            if (candidates[index].Outstanding == least)
            {
                return index;
            }
        }
    }

    private static int PreferredOf(ReadOnlySpan<ReplicaLoad> candidates, AffinityKey key)
    {
        var preferred = 0;
        for (var index = 1; index < candidates.Length; index++)
        {
            preferred = key.RankOf(candidates[index].Hash) > key.RankOf(candidates[preferred].Hash) ? index : preferred;
        }

        return preferred;
    }
}
