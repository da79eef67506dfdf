using Sandbox.Rollout.Executions;

namespace Sandbox.Rollout.Runs;

/// <summary>Has the caller follow the runs that it begins, where no server does.</summary>
public sealed class DirectRunStarter : IRunStarter
{
    public Task<BeginOutcome> BeginAsync(CheckpointRunner runner, RunRequest request, CancellationToken cancellationToken) =>
        runner.BeginAsync(request, cancellationToken);

    public async Task FollowAsync(CheckpointRunner runner, Execution begun, CancellationToken cancellationToken)
    {
        await foreach (var _ in runner.FollowAsync(begun, cancellationToken))
        {
            // Kept in the store.
        }
    }
}
