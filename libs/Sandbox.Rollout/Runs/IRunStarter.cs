using Sandbox.Rollout.Executions;

namespace Sandbox.Rollout.Runs;

/// <summary>Begins runs, and sees to it that they are followed to their ends.</summary>
public interface IRunStarter
{
    /// <summary>Begins a run that one runner makes.</summary>
    /// <inheritdoc cref="CheckpointRunner.BeginAsync(RunRequest, CancellationToken)" path="/exception"/>
    Task<BeginOutcome> BeginAsync(CheckpointRunner runner, RunRequest request, CancellationToken cancellationToken);

    /// <summary>Waits until a run that began here is over, or is not followed here any more.</summary>
    Task FollowAsync(CheckpointRunner runner, Execution begun, CancellationToken cancellationToken);
}
