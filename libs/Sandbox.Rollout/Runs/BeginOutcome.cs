using System.Collections.Immutable;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Plans;

namespace Sandbox.Rollout.Runs;

/// <summary>Whether a run began.</summary>
public abstract record BeginOutcome
{
    public sealed record Begun(Execution Execution) : BeginOutcome;

    /// <summary>Nobody has consented to this plan, or the consent to it is used up, expired, or taken back.</summary>
    public sealed record ApprovalRequired(RolloutPlan Plan) : BeginOutcome
    {
        /// <summary>Why a consent in a file does not count; null when there is no file.</summary>
        public string? FileProblem { get; init; }

        /// <summary>What differs from a plan that people consented to, so that their consent does not count; empty when there is
        /// none.</summary>
        public ImmutableArray<string> Changed { get; init; } = [];
    }

    /// <summary>Another run against one of the machines has not ended.</summary>
    public sealed record AlreadyRunning : BeginOutcome;

    /// <summary>Earlier checkpoints have not passed on all of the machines.</summary>
    /// <param name="Checkpoints">Their names, in their order.</param>
    public sealed record PrerequisitesMissing(ImmutableArray<string> Checkpoints) : BeginOutcome;

    private BeginOutcome()
    {
    }
}
