using Sandbox.Contracts.Ids;

namespace Sandbox.Node.Deployments;

/// <summary>
/// Is told by the engine's own events what became of this cluster's containers. A hint, never the truth: events may come
/// twice, and are missed while the engine does not answer, so <see cref="EngineBackAsync"/> means "look yourself".
/// A call that throws is logged and the watch goes on.
/// </summary>
public interface IContainerWatch
{
    /// <summary>It does not run any more; it is still there and can be started again.</summary>
    /// <param name="reason">Exit code, out of memory, in words for people.</param>
    Task ContainerEndedAsync(IncarnationId incarnation, SandboxId sandbox, string reason, CancellationToken cancellationToken);

    /// <summary>It is gone with its files, no matter who removed it.</summary>
    Task ContainerRemovedAsync(IncarnationId incarnation, SandboxId sandbox, CancellationToken cancellationToken);

    /// <summary>The engine does not answer. Nothing is known about any container now: least of all that it is gone.</summary>
    Task EngineLostAsync(string reason, CancellationToken cancellationToken);

    /// <summary>The engine answers (again, or for the first time), and events come from now on.</summary>
    Task EngineBackAsync(CancellationToken cancellationToken);
}
