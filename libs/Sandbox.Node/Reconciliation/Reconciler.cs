using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Reconciliation;

/// <summary>
/// Compares what should run here with what does: adopts what this process does not know yet, reports what is lost, ends what
/// no record wants. Runs at start, every 5 s, and when it is woken. A deployment that does not answer is not judged by.
/// </summary>
internal sealed partial class Reconciler(
    ExpectedSandboxes expectations, DeploymentSet deployments, Adoption adoption, LostSandboxes lost, OrphanCleanup orphans,
    RemoteAgents remotes, ILogger<Reconciler> logger)
{
    private readonly HashSet<DeploymentKind> _silent = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Before the deployments are asked: what is wanted from here on and not found then is lost.
        var expected = await expectations.ReadAsync(cancellationToken);
        List<SandboxInstance> running =
            [.. await remotes.AskAsync([.. expected.Where(record => record.Spec.Remote is not null)], cancellationToken)];
        foreach (var deployment in deployments.All.Where(deployment => deployment.Kind is not DeploymentKind.Remote))
        {
            if (await FindAsync(deployment, cancellationToken) is { } found)
            {
                var rightly = await CompareAsync(deployment, expected, found, cancellationToken);
                running.AddRange(rightly);
                await MaintainAsync(deployment, rightly, cancellationToken);
            }
        }

        await Task.WhenAll(running.Where(adoption.IsNeeded).Select(record => adoption.AdoptAsync(record, cancellationToken)));
    }

    private async Task<IReadOnlyList<FoundSandbox>?> FindAsync(IDeployment deployment, CancellationToken cancellationToken)
    {
        try
        {
            var found = await deployment.ListAsync(cancellationToken);
            _silent.Remove(deployment.Kind);
            return found;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (_silent.Add(deployment.Kind))
            {
                Log.Silent(logger, deployment.Kind, exception.Message);
            }

            return null;
        }
    }

    /// <returns>The records of what rightly runs.</returns>
    private async Task<IReadOnlyList<SandboxInstance>> CompareAsync(
        IDeployment deployment, IReadOnlyList<SandboxInstance> expected, IReadOnlyList<FoundSandbox> found,
        CancellationToken cancellationToken)
    {
        List<SandboxInstance> running = [];

        // Two with one label are not supposed to be; should they be, the one that runs counts.
        var byIncarnation = found.GroupBy(one => one.Incarnation)
            .ToDictionary(group => group.Key, group => group.MaxBy(one => one.Running)!);
        foreach (var record in expected.Where(record => record.Spec.Deployment == deployment.Kind))
        {
            if (byIncarnation.Remove(record.Incarnation, out var its) && its.Running)
            {
                running.Add(record);
            }
            else if (!await lost.JudgeAsync(record, its, cancellationToken))
            {
                // One that this process does not know from memory would not be looked at again for as long as that is relied on.
                expectations.ReadAllNext();
            }
        }

        foreach (var other in byIncarnation.Values)
        {
            if (await JudgeAsync(deployment, other, cancellationToken) is { } record)
            {
                running.Add(record);
            }
        }

        return running;
    }

    /// <summary>One that cannot be ended does not keep the others from being judged.</summary>
    private async Task<SandboxInstance?> JudgeAsync(IDeployment deployment, FoundSandbox found, CancellationToken cancellationToken)
    {
        try
        {
            return await orphans.JudgeAsync(deployment, found, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.NotEnded(logger, found.Incarnation, exception);
            return null;
        }
    }

    /// <summary>What fails is tried again in the next round, and keeps nothing else from being done.</summary>
    private async Task MaintainAsync(
        IDeployment deployment, IReadOnlyList<SandboxInstance> running, CancellationToken cancellationToken)
    {
        try
        {
            if (await adoption.LimitAsync(running, cancellationToken))
            {
                await deployment.MaintainAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.NotMaintained(logger, deployment.Kind, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4231, LogLevel.Warning, "{Deployment} does not answer, so nothing is known about its sandboxes now: {Reason}")]
        public static partial void Silent(ILogger logger, DeploymentKind deployment, string reason);

        [LoggerMessage(
            4233, LogLevel.Error, "What {Deployment} keeps for all its sandboxes could not be looked after; again in the next round")]
        public static partial void NotMaintained(ILogger logger, DeploymentKind deployment, Exception exception);

        [LoggerMessage(4232, LogLevel.Error, "What is left of incarnation {Incarnation} could not be ended; again in the next round")]
        public static partial void NotEnded(ILogger logger, Contracts.Ids.IncarnationId incarnation, Exception exception);
    }
}
