using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Jobs;

/// <summary>Does one kind of job. Repeating it at any point ends the same.</summary>
internal interface IJobHandler
{
    Type JobType { get; }

    Task RunAsync(ClaimedJob claimed, CancellationToken cancellationToken);
}

/// <inheritdoc cref="IJobHandler"/>
internal abstract class JobHandler<TJob> : IJobHandler
    where TJob : SandboxJob
{
    public Type JobType => typeof(TJob);

    public Task RunAsync(ClaimedJob claimed, CancellationToken cancellationToken) =>
        RunAsync((TJob)claimed.Job, claimed, cancellationToken);

    protected abstract Task RunAsync(TJob job, ClaimedJob claim, CancellationToken cancellationToken);
}

/// <summary>The handlers of this node, by kind of job.</summary>
internal sealed class JobHandlers(IEnumerable<IJobHandler> handlers)
{
    private readonly Dictionary<Type, IJobHandler> _byType = handlers.ToDictionary(handler => handler.JobType);

    /// <exception cref="InvalidOperationException">This node does no such job.</exception>
    public Task RunAsync(ClaimedJob claimed, CancellationToken cancellationToken) =>
        _byType.TryGetValue(claimed.Job.GetType(), out var handler)
            ? handler.RunAsync(claimed, cancellationToken)
            : throw new InvalidOperationException($"This node does no jobs of kind {WorkerTelemetry.KindOf(claimed.Job)}.");
}
