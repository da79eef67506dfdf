using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Plans;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout.Deployments;

/// <summary>
/// Takes deployments on, checkpoint by checkpoint, where no person is at a terminal: what needs an approval asks for one and waits for it,
/// for as long as it is good. Any process may go on with a deployment at any time: what was done is in its row.
/// </summary>
public sealed class DeploymentRunner(
    DeploymentLog log, IDeploymentStore deployments, IRolloutStore rollouts, ApprovalDesk desk, RunnerFactory runners,
    IRunStarter starter, TimeProvider time)
{
    /// <summary>For making a plan; a process that died over it is not waited for any longer.</summary>
    public static readonly TimeSpan PlanLimit = TimeSpan.FromMinutes(10);

    /// <summary>Goes on until the deployment has ended, or waits: for a person, for a run that another process follows, or for another
    /// process that makes its plan.</summary>
    public async Task AdvanceAsync(Guid id, CancellationToken cancellationToken)
    {
        while (await deployments.FindAsync(id, cancellationToken) is { IsActive: true, IsAttended: false, Current: { } step } found
            && !(found.BusyUntil > time.GetUtcNow()))
        {
            var settled = await SettledAsync(step, cancellationToken);
            var goesOn = settled switch
            {
                null => false,
                { State: StepState.Pending } => await BeginStepAsync(found, settled, cancellationToken),
                _ => await WriteAsync(found.With(settled), cancellationToken) is not null,
            };
            if (!goesOn)
            {
                return;
            }
        }
    }

    /// <summary>Ends a deployment, and its run with it.</summary>
    /// <returns>False when it is over already.</returns>
    public async Task<bool> CancelAsync(Guid id, string by, CancellationToken cancellationToken)
    {
        while (await deployments.FindAsync(id, cancellationToken) is { IsActive: true, Current: { } step } found)
        {
            if (await WriteAsync(found.Cancelled(), cancellationToken) is null)
            {
                continue;
            }

            if (step.Execution is { } execution)
            {
                await runners.Of(machines: []).StopAsync(execution, by, cancellationToken);
            }

            return true;
        }

        return false;
    }

    /// <summary>The step as what it waited for left it; pending when it is to begin, null while it waits.</summary>
    private async Task<DeploymentStep?> SettledAsync(DeploymentStep step, CancellationToken cancellationToken)
    {
        if (step.Execution is { } id && await rollouts.FindExecutionAsync(id, cancellationToken) is { } execution)
        {
            return execution switch
            {
                { IsActive: true } => null,
                { State: ExecutionState.Completed } => step with { State = StepState.Completed, PlanHash = execution.PlanHash },
                _ => Failed(step, execution.Error ?? execution.State.ToString()) with { PlanHash = execution.PlanHash },
            };
        }

        if (step is { State: StepState.WaitingForApproval, Approval: { } request })
        {
            return (await rollouts.FindApprovalAsync(request, cancellationToken))?.StateAt(time.GetUtcNow()) switch
            {
                ApprovalState.Requested => null,
                ApprovalState.Approved => step with { State = StepState.Pending },
                { } over => Failed(step, $"the request for its approval is {over.ToString().ToLowerInvariant()}"),
                null => Failed(step, "the request for its approval is not in the store any more"),
            };
        }

        return step with { State = StepState.Pending };
    }

    /// <summary>Whether there is more to do.</summary>
    private async Task<bool> BeginStepAsync(Deployment found, DeploymentStep step, CancellationToken cancellationToken)
    {
        var chosen = log.WithBundle(found).With(step with { Execution = step.Execution ?? Guid.NewGuid() }) with
        {
            BusyUntil = time.GetUtcNow() + PlanLimit,
        };
        if (await WriteAsync(chosen, cancellationToken) is null)
        {
            return false;
        }

        try
        {
            return await BeginChosenAsync(chosen, cancellationToken);
        }
        catch (AnsibleException exception)
        {
            return await WriteAsync(chosen.With(Failed(chosen.Current!, exception.Message)), cancellationToken) is not null;
        }
        catch (OperationCanceledException)
        {
            // The next process need not wait for this one.
            await WriteAsync(chosen with { BusyUntil = null, Version = chosen.Version + 1 }, CancellationToken.None);
            throw;
        }
    }

    private async Task<bool> BeginChosenAsync(Deployment chosen, CancellationToken cancellationToken)
    {
        var step = chosen.Current!;
        var checkpoint = CheckpointCatalog.Find(step.Checkpoint)
            ?? throw new AnsibleException($"There is no checkpoint {step.Checkpoint} any more.");
        var runner = runners.Of(chosen);
        var request = new RunRequest(checkpoint, chosen.StartedBy) { Id = step.Execution!.Value };
        switch (await starter.BeginAsync(runner, request, cancellationToken))
        {
            case BeginOutcome.Begun { Execution: var begun }:
                await WriteAsync(
                    chosen.With(step with { State = StepState.Running, PlanHash = begun.PlanHash, Approval = begun.Approval }) with
                    {
                        BusyUntil = null,
                    },
                    cancellationToken);
                await starter.FollowAsync(runner, begun, cancellationToken);
                return true;
            case BeginOutcome.ApprovalRequired { Plan: var plan }:
                await WaitForApprovalAsync(chosen, plan, cancellationToken);
                return false;
            case var refused:
                var error = refused is BeginOutcome.PrerequisitesMissing { Checkpoints: var missing }
                    ? $"first these must pass: {string.Join(", ", missing)}"
                    : "another run against these machines had not ended";
                return await WriteAsync(chosen.With(Failed(step, error)), cancellationToken) is not null;
        }
    }

    private async Task WaitForApprovalAsync(Deployment chosen, RolloutPlan plan, CancellationToken cancellationToken)
    {
        var request = await desk.RequestAsync(plan, chosen.StartedBy, cancellationToken);
        var waiting = chosen.Current! with
        {
            State = StepState.WaitingForApproval,
            PlanHash = plan.Hash,
            Approval = request.Id,
        };
        await WriteAsync(chosen.With(waiting) with { BusyUntil = null }, cancellationToken);
    }

    private Task<Deployment?> WriteAsync(Deployment next, CancellationToken cancellationToken) =>
        log.TryWriteAsync(next, cancellationToken);

    private static DeploymentStep Failed(DeploymentStep step, string error) => step with { State = StepState.Failed, Error = error };
}
