using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// Makes and starts containers: find the image (pull it) → create → (gap for quotas) → start. The container is made from the id of
/// the image that was found to be the tenant's to use, whatever its name means a moment later.
/// </summary>
internal sealed class DockerStart(
    ContainerStarter starter, SandboxImages images, ContainerPlanner planner, ContainerCreation creation, SharedDiskBudget budget,
    IOptions<WorkerOptions> worker, ILogger<DockerStart> logger)
{
    /// <summary>How often a container is made that is gone before it starts.</summary>
    private const int Attempts = 3;

    public DeploymentHooks Hooks { get; } = new(logger);

    public async Task<Result<StartedSandbox>> RunAsync(
        StartOrder order, IReadOnlyList<string> command, IPhaseReporter reporter, CancellationToken cancellationToken)
    {
        var phases = new StartPhases(order.Sandbox, reporter);
        try
        {
            return await StartAsync(order, command, phases, cancellationToken);
        }
        catch (EngineException exception)
        {
            // An engine that does not answer may have started it: the next attempt takes it up, or the caller removes it.
            if (!exception.Unreachable)
            {
                await creation.TidyUpAsync(order.Sandbox.Incarnation);
            }

            return await phases.FailedAsync(exception, cancellationToken);
        }
    }

    private async Task<Result<StartedSandbox>> StartAsync(
        StartOrder order, IReadOnlyList<string> command, StartPhases phases, CancellationToken cancellationToken)
    {
        var (sandbox, spec) = (order.Sandbox, order.Sandbox.Spec);
        if (!EngineArgumentsParser.Parse(spec.DockerArgs).TryGet(out var arguments, out var bad))
        {
            return Result(await phases.FailedAsync(bad.Text, cancellationToken));
        }

        for (var attempt = 1; ; attempt++)
        {
            var ensured = await images.EnsureAsync(
                order, arguments.Platform ?? spec.Platform, phases, () => Hooks.StepAsync(sandbox, "pulling", cancellationToken),
                cancellationToken);
            if (!ensured.TryGet(out var image, out var missing))
            {
                return missing;
            }

            var plan = await planner.PlanAsync(sandbox, image, arguments, cancellationToken);
            await Hooks.StepAsync(sandbox, "creating", cancellationToken);
            var made = await creation.EnsureMadeAsync(plan, command, cancellationToken);
            if (made.Outcome is CreateOutcome.NoImage && attempt < Attempts)
            {
                // It was removed a moment after it was found.
                continue;
            }

            if (made.Outcome is CreateOutcome.NoImage)
            {
                return Result(await phases.ImageFailedAsync($"image {spec.Image} is removed from this node each time", cancellationToken));
            }

            if (made.Foreign is { } foreign)
            {
                return Result(await phases.FailedAsync(foreign, cancellationToken));
            }

            // The gap in which quotas are set on what exists but does not run yet.
            var limits = new StartedSandbox(made.DiskBytes, await LogLimitAsync(sandbox, made.DiskBytes, cancellationToken));
            await Hooks.StepAsync(sandbox, "starting", cancellationToken);
            if (await StartMadeAsync(sandbox, plan.Network, phases, cancellationToken) is { } network)
            {
                return limits with { EffectiveNetwork = network, Confinement = plan.Confinement };
            }

            // The engine takes back what it makes for a caller that has died, also after another attempt has found and taken it up.
            if (attempt == Attempts)
            {
                return Result(await phases.FailedAsync(EndReason.Removed, cancellationToken));
            }
        }
    }

    /// <summary>The log has no limit of its own: it is within the container's, or within none.</summary>
    private async Task<long?> LogLimitAsync(SandboxInstance sandbox, long? diskBytes, CancellationToken cancellationToken) =>
        diskBytes is not null && await budget.TryJoinAsync(ContainerName.Of(sandbox.Incarnation, worker.Value), cancellationToken)
            ? diskBytes : null;

    /// <returns>What keeps its network apart; null when the container is gone.</returns>
    private async Task<string?> StartMadeAsync(
        SandboxInstance sandbox, SandboxNetwork network, StartPhases phases, CancellationToken cancellationToken)
    {
        // Telling costs a write to the store, starting a few hundred milliseconds in the engine: side by side.
        var telling = phases.RunningAsync("image is present", "starting the container", cancellationToken);
        try
        {
            return await starter.StartAsync(
                sandbox, ContainerName.Of(sandbox.Incarnation, worker.Value), network.Effect, cancellationToken);
        }
        finally
        {
            await telling;
        }
    }

    private static Result<StartedSandbox> Result(SandboxError error) => error;
}
