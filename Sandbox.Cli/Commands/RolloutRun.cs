using Sandbox.Cli.Rollouts;
using Sandbox.Cli.Terminals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Runs;

namespace Sandbox.Cli.Commands;

/// <summary>Runs one checkpoint after the other, and asks for consents on the way.</summary>
internal sealed class RolloutRun(RolloutSession session, CommandContext context)
{
    private bool _hasBegun;

    /// <summary>Each plan is approved as it comes.</summary>
    public bool IsAutoApproved { get; init; }

    /// <summary>A checkpoint runs although earlier ones have not passed.</summary>
    public bool IsForced { get; init; }

    /// <summary>Passes the checkpoints from one on, with one consent to all of them where people gave one; stops at the first that
    /// fails.</summary>
    /// <param name="from">The first one; those before it are skipped, not completed.</param>
    public async Task DeployAsync(Checkpoint from)
    {
        var (before, wanted) = (CheckpointCatalog.All[..(from.Number - 1)], CheckpointCatalog.All[(from.Number - 1)..]);
        session.Planner.RequirePlaybooks(wanted);
        var rollout = await session.Desk.IsAnyApprovedAsync(wanted.Select(checkpoint => checkpoint.Name), context.Asked)
            ? new WholeRollout(Guid.NewGuid(), wanted)
            : null;
        List<string> completed = [], skipped = [.. before.Select(checkpoint => checkpoint.Name)];
        foreach (var checkpoint in wanted)
        {
            var failure = await DeployAsync(checkpoint, rollout, completed, skipped);
            if (failure is not null)
            {
                session.State.WriteFailure(checkpoint.Name, failure, completed, skipped, context.Time.GetUtcNow());
                throw new CliException($"{checkpoint.Name}: {failure}; go on with: {StateFolder.ResumeOf(checkpoint.Name)}");
            }

            completed.Add(checkpoint.Name);
        }

        session.State.WriteComplete(completed, skipped, IsAutoApproved, context.Time.GetUtcNow());
        StandardStreams.WriteOutputLine($"passed: {string.Join(", ", completed)}");
    }

    public async Task CheckpointAsync(Checkpoint checkpoint)
    {
        if (await RunAsync(checkpoint, rollout: null) is { } failure)
        {
            throw new CliException($"{checkpoint.Name}: {failure}");
        }
    }

    /// <summary>Null when it passed, else why it did not.</summary>
    private async Task<string?> DeployAsync(
        Checkpoint checkpoint, WholeRollout? rollout, List<string> completed, List<string> skipped)
    {
        try
        {
            return await RunAsync(checkpoint, rollout);
        }
        catch (OperationCanceledException) when (_hasBegun)
        {
            // Ctrl-C: how to go on is written down as after a failure.
            session.State.WriteFailure(checkpoint.Name, "it was stopped", completed, skipped, context.Time.GetUtcNow());
            StandardStreams.WriteErrorLine($"sandbox: stopped; go on with: {StateFolder.ResumeOf(checkpoint.Name)}");
            throw;
        }
    }

    /// <summary>Null when it passed, else why it did not.</summary>
    /// <exception cref="CliException">It did not begin.</exception>
    private async Task<string?> RunAsync(Checkpoint checkpoint, WholeRollout? rollout)
    {
        var outcome = await BeginAsync(checkpoint, rollout);
        if (outcome is BeginOutcome.ApprovalRequired required && rollout is null)
        {
            await ApproveAsync(checkpoint, required);
            outcome = await BeginAsync(checkpoint, rollout);
        }

        if (outcome is BeginOutcome.Begun { Execution: var begun })
        {
            _hasBegun = true;
            return await FollowAsync(begun);
        }

        throw new CliException($"{checkpoint.Name}: " + outcome switch
        {
            BeginOutcome.AlreadyRunning => "another run against these machines has not ended; see sandbox deploy executions",
            BeginOutcome.PrerequisitesMissing { Checkpoints: var missing } =>
                $"first these must pass: {string.Join(", ", missing)}; or say --force",
            BeginOutcome.ApprovalRequired { Changed: { IsEmpty: false } changed } =>
                $"the plan changed after it was approved: {string.Join(", ", changed)}; look at it again with sandbox deploy plan",
            _ => "the approval was used, taken back or has expired meanwhile; see sandbox deploy approvals",
        });
    }

    private Task<BeginOutcome> BeginAsync(Checkpoint checkpoint, WholeRollout? rollout) => session.Runner.BeginAsync(
        new RunRequest(checkpoint, session.User) { IsForced = IsForced, Rollout = rollout }, context.Asked);

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

    /// <summary>Shows the plan and asks who runs the command.</summary>
    /// <exception cref="CliException">It was not approved, or may not be by them.</exception>
    private async Task ApproveAsync(Checkpoint checkpoint, BeginOutcome.ApprovalRequired required)
    {
        if (required.FileProblem is { } problem)
        {
            throw new CliException(problem);
        }

        if (!required.Changed.IsEmpty)
        {
            StandardStreams.WriteErrorLine(
                $"The approval of {checkpoint.Name} does not count any more. Since then changed: {string.Join(", ", required.Changed)}");
        }

        PersonAtTerminal.Show(required.Plan);
        var request = await session.Desk.RequestAsync(required.Plan, session.User, context.Asked);
        var reason = IsAutoApproved ? "--auto-approve" : await ReasonAsync(checkpoint);
        if (reason is null)
        {
            await session.Desk.DenyAsync(request.Id, session.User, "denied at the prompt", context.Asked);
            throw new CliException($"{checkpoint.Name}: the plan was not approved");
        }

        var outcome = await session.Desk.ApproveAsync(request.Id, session.User, reason, acknowledgesRisks: true, context.Asked);
        if (!outcome.TryGet(out _, out var refusal))
        {
            throw new CliException(RefusalText.Of(refusal));
        }
    }

    /// <summary>Null: the answer is no.</summary>
    private async Task<string?> ReasonAsync(Checkpoint checkpoint)
    {
        var question = checkpoint.IsDestructive
            ? "This cannot be undone. Do you know that, and approve this plan?"
            : "Do you approve this plan?";
        return await PersonAtTerminal.ConfirmsAsync(question, context.Asked)
            ? await PersonAtTerminal.AnswerAsync("Why?", context.Asked)
            : null;
    }
}
