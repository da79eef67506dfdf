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
