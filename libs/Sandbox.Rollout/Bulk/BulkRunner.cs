using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout.Bulk;

/// <summary>Several runs that are asked for together: each is one of its own, with its plan, its consent and its result, and one that
/// is refused keeps no other from running. They run side by side, and so not on the same machines.</summary>
public sealed class BulkRunner(RunnerFactory runners, IRunStarter starter, IRolloutStore store)
{
    /// <summary>Most runs of one request.</summary>
    public const int Most = 50;

    /// <summary>Begins each that may begin. Follow them with <c>FollowAsync</c>.</summary>
    /// <param name="by">As whom they authenticated.</param>
    /// <param name="isForced">Begin also those for which earlier checkpoints have not passed.</param>
    /// <returns>A result for each, in their order.</returns>
    /// <exception cref="ArgumentException">There are too many, or none.</exception>
    public async Task<IReadOnlyList<BulkResult>> BeginAsync(
        IReadOnlyList<BulkItem> items, string by, bool isForced, CancellationToken cancellationToken)
    {
        if (items.Count is 0 or > Most)
        {
            throw new ArgumentException($"Ask for 1 to {Most} runs at once.", nameof(items));
        }

        var results = new List<BulkResult>();
        foreach (var item in items)
        {
            results.Add(await BeginAsync(item, by, isForced, cancellationToken));
        }

        return results;
    }

    /// <summary>Starts the processes of those that have begun, and follows them to their ends.</summary>
    /// <returns>The runs as they ended.</returns>
    public async Task<IReadOnlyList<Execution>> FollowAsync(IReadOnlyList<BulkResult> results, CancellationToken cancellationToken)
    {
        var followed = results.Select(result => result is { Outcome: BeginOutcome.Begun { Execution: var begun }, Runner: { } runner }
            ? FollowAsync(runner, begun, cancellationToken) : null).OfType<Task<Execution>>();
        return await Task.WhenAll(followed);
    }

    private async Task<BulkResult> BeginAsync(BulkItem item, string by, bool isForced, CancellationToken cancellationToken)
    {
        // A name that is none touches no path.
        if (CheckpointCatalog.Find(item.Checkpoint) is not { } checkpoint)
        {
            return new BulkResult(item, Outcome: null, $"there is no checkpoint {item.Checkpoint}");
        }

        var runner = runners.Of(item.Machines);
        try
        {
            var request = new RunRequest(checkpoint, by) { IsForced = isForced };
            var outcome = await starter.BeginAsync(runner, request, cancellationToken);
            return new BulkResult(item, outcome, Error: null) { Runner = runner };
        }
        catch (AnsibleException exception)
        {
            return new BulkResult(item, Outcome: null, exception.Message);
        }
    }

    private async Task<Execution> FollowAsync(CheckpointRunner runner, Execution begun, CancellationToken cancellationToken)
    {
        await starter.FollowAsync(runner, begun, cancellationToken);
        return await store.FindExecutionAsync(begun.Id, cancellationToken) ?? begun;
    }
}
