using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;

namespace Sandbox.Kubernetes.Watching;

/// <summary>What is known of the cluster's objects of ours: filled by the watch, read by everybody else. While the cluster does not
/// answer it says so instead of an old answer.</summary>
internal sealed class ClusterView
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IncarnationId, SandboxFacts> _facts = [];
    private readonly Dictionary<ObjectKind, string> _silent = [];
    private readonly HashSet<ObjectKind> _unasked;
    private readonly TaskCompletionSource _firstAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<IncarnationId, TaskCompletionSource> _changes = new();

    public ClusterView(IEnumerable<ObjectKind> kinds)
    {
        _unasked = [.. kinds];
        foreach (var kind in _unasked)
        {
            _silent[kind] = "it was not asked yet";
        }

        if (_unasked.Count == 0)
        {
            _firstAnswer.SetResult();
        }
    }

    /// <summary>Completes when every kind was listed, or failed to be, at least once.</summary>
    public Task FirstAnswer => _firstAnswer.Task;

    /// <summary>Why nothing is known now; null: what is here is so.</summary>
    public string? Silence
    {
        get
        {
            lock (_gate)
            {
                return _silent.Values.FirstOrDefault();
            }
        }
    }

    public SandboxFacts? Find(IncarnationId incarnation)
    {
        lock (_gate)
        {
            return _facts.GetValueOrDefault(incarnation);
        }
    }

    public IReadOnlyList<SandboxFacts> All()
    {
        lock (_gate)
        {
            return [.. _facts.Values];
        }
    }

    /// <summary>Completes at the next change of this incarnation: take it, look, then await it.</summary>
    public Task ChangeOf(IncarnationId incarnation) => Change(incarnation).Task;

    /// <summary>What a list said: whatever of the kind is not in it is gone.</summary>
    public void Replace(ObjectKind kind, IReadOnlyCollection<SandboxFacts> listed)
    {
        var there = listed.ToDictionary(facts => facts.Incarnation);
        List<SandboxFacts> changes;
        lock (_gate)
        {
            _silent.Remove(kind);
            OnAsked(kind);
            var gone = _facts.Values.Where(facts => facts[kind] is not null && !there.ContainsKey(facts.Incarnation)).ToList();
            changes = [.. gone.Select(facts => With(facts, kind, null)), .. listed.Select(facts => With(Known(facts), kind, facts))];
            changes.ForEach(Put);
        }

        changes.ForEach(Tell);
    }

    /// <summary>What a watch said of one object.</summary>
    /// <returns>What is known of the incarnation now.</returns>
    public SandboxFacts Apply(ObjectKind kind, SandboxFacts seen, bool gone)
    {
        SandboxFacts changed;
        lock (_gate)
        {
            var known = Known(seen);
            changed = IsOfAnOlderPod(known.Pod, seen.Pod, gone) ? known : With(known, kind, gone ? null : seen);
            Put(changed);
        }

        Tell(changed);
        return changed;
    }

    /// <returns>Whether that is new.</returns>
    public bool FellSilent(ObjectKind kind, string reason)
    {
        lock (_gate)
        {
            var wasUnasked = OnAsked(kind);
            var isNew = _silent.TryAdd(kind, reason) || wasUnasked;
            _silent[kind] = reason;
            return isNew;
        }
    }

    /// <summary>A controller may have made a second pod already when the end of the first one is told.</summary>
    private static bool IsOfAnOlderPod(NamedPod? known, NamedPod? seen, bool gone) =>
        known is not null && seen is not null && known.Name != seen.Name && (gone || seen.Facts.Stage is PodStage.Ended);

    private static SandboxFacts With(SandboxFacts facts, ObjectKind kind, SandboxFacts? seen) => kind switch
    {
        ObjectKind.Pod => facts with { Pod = seen?.Pod },
        ObjectKind.Batch => facts with { Batch = seen?.Batch },
        _ => facts with { Secret = seen is not null },
    };

    private SandboxFacts Known(SandboxFacts seen) =>
        _facts.GetValueOrDefault(seen.Incarnation) ?? new SandboxFacts(seen.Incarnation, seen.Sandbox);

    /// <returns>Whether it was the first time.</returns>
    private bool OnAsked(ObjectKind kind)
    {
        if (!_unasked.Remove(kind))
        {
            return false;
        }

        if (_unasked.Count == 0)
        {
            _firstAnswer.SetResult();
        }

        return true;
    }

    private void Put(SandboxFacts facts)
    {
        if (facts.IsNothing)
        {
            _facts.Remove(facts.Incarnation);
        }
        else
        {
            _facts[facts.Incarnation] = facts;
        }
    }

    private void Tell(SandboxFacts facts)
    {
        if (_changes.TryRemove(facts.Incarnation, out var waiting))
        {
            waiting.TrySetResult();
        }
    }

    private TaskCompletionSource Change(IncarnationId incarnation) =>
        _changes.GetOrAdd(incarnation, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
