using Sandbox.Cli.Rollouts;
using Sandbox.Cli.Terminals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Plans;
using Sandbox.Rollout.Runs;

namespace Sandbox.Cli.Commands;

/// <summary>Runs one checkpoint after the other, and asks for consents on the way.</summary>
internal sealed class RolloutRun(RolloutSession session, CommandContext context)
{
    /// <summary>Each plan is approved as it comes.</summary>
    public bool IsAutoApproved { get; init; }

    /// <summary>A checkpoint runs although earlier ones have not passed.</summary>
    public bool IsForced { get; init; }

    /// <summary>Passes the checkpoints from one on; stops at the first that fails.</summary>
    /// <param name="from">The first one; those before it are skipped, not completed.</param>
    public async Task DeployAsync(Checkpoint from)
    {
        var (skipped, wanted) = (CheckpointCatalog.All[..(from.Number - 1)], CheckpointCatalog.All[(from.Number - 1)..]);
        var completed = new List<string>();
        foreach (var checkpoint in wanted)
        {
            if (await RunAsync(checkpoint) is not { } failure)
            {
                completed.Add(checkpoint.Name);
                continue;
            }

            session.State.WriteFailure(checkpoint.Name, failure, completed, context.Time.GetUtcNow());
            throw new CliException($"{checkpoint.Name}: {failure}; go on with: sandbox deploy --deploy --start-from {checkpoint.Name}");
        }

        session.State.WriteComplete(
            completed, skipped.Select(checkpoint => checkpoint.Name), IsAutoApproved, context.Time.GetUtcNow());
        StandardStreams.WriteOutputLine($"passed: {string.Join(", ", completed)}");
    }

    public async Task CheckpointAsync(Checkpoint checkpoint)
    {
        if (await RunAsync(checkpoint) is { } failure)
        {
            throw new CliException($"{checkpoint.Name}: {failure}");
        }
    }

    /// <summary>Null when it passed, else why it did not.</summary>
    private async Task<string?> RunAsync(Checkpoint checkpoint)
    {
        var outcome = await BeginAsync(checkpoint);
        if (outcome is BeginOutcome.ApprovalRequired { Plan: var plan })
        {
            if (!await IsGrantedAsync(checkpoint, plan))
            {
                return "the plan was not approved";
            }

            outcome = await BeginAsync(checkpoint);
        }

        return outcome switch
        {
            BeginOutcome.Begun { Execution: var begun } => await FollowAsync(begun),
            BeginOutcome.AlreadyRunning => "another run against these machines has not ended; see sandbox deploy executions",
            BeginOutcome.PrerequisitesMissing { Checkpoints: var missing } =>
                $"first these must pass: {string.Join(", ", missing)}; or say --force",
            _ => "the plan changed after it was approved; look at it again with sandbox deploy plan " + checkpoint.Name,
        };
    }

    private Task<BeginOutcome> BeginAsync(Checkpoint checkpoint) => session.Runner.BeginAsync(
        new RunRequest(checkpoint, session.User) { IsForced = IsForced }, context.Asked);

    private async Task<string?> FollowAsync(Execution begun)
    {
        try
        {
            await foreach (var line in session.Runner.FollowAsync(begun, context.Asked))
            {
                if (line.Text.Length > 0)
                {
                    StandardStreams.WriteOutputLine(line.Text);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C ends the run, not only the look at it.
            await session.Runner.StopAsync(begun.Id, session.User, CancellationToken.None);
            await session.Runner.FollowAgainAsync(begun, CancellationToken.None);
            throw;
        }

        return await session.Store.FindExecutionAsync(begun.Id, CancellationToken.None) switch
        {
            { State: ExecutionState.Completed } => null,
            { } ended => ended.Error,
            null => "its run is not in the store any more",
        };
    }

    private async Task<bool> IsGrantedAsync(Checkpoint checkpoint, RolloutPlan plan)
    {
        PersonAtTerminal.Show(checkpoint, plan);
        var request = await session.Desk.RequestAsync(checkpoint, plan, session.User, context.Asked);
        if (!IsAutoApproved && !PersonAtTerminal.Confirms(
            checkpoint.IsDestructive ? "This cannot be undone. Do you know that, and approve this plan?" : "Do you approve this plan?"))
        {
            await session.Desk.DenyAsync(request.Id, session.User, "denied at the prompt", context.Asked);
            return false;
        }

        var reason = IsAutoApproved ? "--auto-approve" : PersonAtTerminal.Answer("Why?");
        var outcome = await session.Desk.ApproveAsync(
            request.Id, session.User, reason ?? "", acknowledgesRisks: true, context.Asked);
        return outcome.TryGet(out _, out var refusal) ? true : throw new CliException(RefusalText.Of(refusal));
    }
}
