using Sandbox.Contracts.Ids;

namespace Sandbox.Kubernetes.Watching;

/// <summary>Which of an incarnation's objects is meant.</summary>
internal enum ObjectKind
{
    Pod,
    Batch,
    Secret,
}

/// <summary>What the cluster has of one incarnation, as far as is known.</summary>
internal sealed record SandboxFacts(IncarnationId Incarnation, SandboxId Sandbox)
{
    public NamedPod? Pod { get; init; }

    /// <summary>The batch sandbox; its addresses are empty until its pod is there.</summary>
    public BatchFacts? Batch { get; init; }

    public bool Secret { get; init; }

    public bool IsNothing => Pod is null && Batch is null && !Secret;

    /// <summary>Why it does not run (any more); null: it runs, or is on its way.</summary>
    /// <param name="facts">Null: nothing is there.</param>
    public static string? EndOf(SandboxFacts? facts, KubernetesOptions options) => facts switch
    {
        { Batch.Deleting: true } => "its batch sandbox is being deleted",
        { Pod.Facts: { Stage: PodStage.Ended } pod } => pod.Reason,
        { Pod: null } when options.IsPodMode => "its pod was removed",
        { Batch: null } when !options.IsPodMode => "its batch sandbox was removed",
        null => "its pod was removed",
        _ => null,
    };

    public object? this[ObjectKind kind] => kind switch
    {
        ObjectKind.Pod => Pod,
        ObjectKind.Batch => Batch,
        _ => Secret ? this : null,
    };
}

/// <param name="Name">A batch sandbox's controller names its pods; ours has its object's name in pod mode.</param>
internal sealed record NamedPod(string Name, PodFacts Facts);

/// <param name="Pool">The pool that its pod is taken from; null: it has a pod of its own.</param>
internal sealed record BatchFacts(bool Deleting, IReadOnlyList<string> Endpoints, string? Pool);
