using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// Makes and starts containers: create → (gap for quotas) → start. The image is looked for only when the engine says that it
/// is missing, so that the usual start costs two calls.
/// </summary>
internal sealed class DockerStart(
    EngineConnection engine, ContainerPlanner planner, ContainerCreation creation, SharedDiskBudget budget, DeploymentHooks hooks,
    WorkerOptions worker, TimeProvider time)
{
    /// <summary>How often a container is made that is gone before it starts.</summary>
    private const int Attempts = 3;

    private readonly EngineContainers _containers = new(engine);
    private readonly EngineImages _images = new(engine);

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
        if (ImageReference.Parse(spec.Image) is not { } image)
        {
            return Result(await phases.ImageFailedAsync($"'{spec.Image}' is not the name of an image", cancellationToken));
        }

        if (!EngineArgumentsParser.Parse(spec.DockerArgs).TryGet(out var arguments, out var bad))
        {
            return Result(await phases.FailedAsync(bad.Text, cancellationToken));
        }

        var wanted = new Wanted(order, image, arguments, command);
        for (var attempt = 1; ; attempt++)
        {
            var made = await MakeAsync(wanted, phases, cancellationToken);
            if (made.Outcome is CreateOutcome.NoImage)
            {
                return Result(
                    await phases.ImageFailedAsync(
                        $"image {image.Text} is not present on this node and pull is '{Name(spec.Pull)}'", cancellationToken));
            }

            if (made.Foreign is { } foreign)
            {
                return Result(await phases.FailedAsync(foreign, cancellationToken));
            }

            // The gap in which quotas are set on what exists but does not run yet.
            var limits = new StartedSandbox(made.DiskBytes, await LogLimitAsync(sandbox, made.DiskBytes, cancellationToken));
            await hooks.StepAsync(sandbox, "starting", cancellationToken);
            if (await StartMadeAsync(sandbox, phases, cancellationToken))
            {
                return limits;
            }

            // The engine takes back what it makes for a caller that has died, also after another attempt has found and taken it up.
            if (attempt == Attempts)
            {
                return Result(await phases.FailedAsync(EndReason.Removed, cancellationToken));
            }
        }
    }

    private async Task<MadeContainer> MakeAsync(Wanted wanted, StartPhases phases, CancellationToken cancellationToken)
    {
        var (sandbox, pull) = (wanted.Order.Sandbox, wanted.Order.Sandbox.Spec.Pull);
        if (pull is PullPolicy.Always && wanted.Image.CanBePulled)
        {
            await PullAsync(wanted, phases, cancellationToken);
        }

        var plan = await planner.PlanAsync(sandbox, wanted.Arguments, cancellationToken);
        await hooks.StepAsync(sandbox, "creating", cancellationToken);
        var made = await creation.EnsureMadeAsync(plan, wanted.Command, cancellationToken);
        if (made.Outcome is not CreateOutcome.NoImage || pull is not PullPolicy.Missing || !wanted.Image.CanBePulled)
        {
            return made;
        }

        await PullAsync(wanted, phases, cancellationToken);
        return await creation.EnsureMadeAsync(plan, wanted.Command, cancellationToken);
    }

    /// <summary>The log has no limit of its own: it is within the container's, or within none.</summary>
    private async Task<long?> LogLimitAsync(SandboxInstance sandbox, long? diskBytes, CancellationToken cancellationToken) =>
        diskBytes is not null && await budget.TryJoinAsync(ContainerName.Of(sandbox.Incarnation, worker), cancellationToken)
            ? diskBytes : null;

    /// <returns>False when the container is gone.</returns>
    private async Task<bool> StartMadeAsync(SandboxInstance sandbox, StartPhases phases, CancellationToken cancellationToken)
    {
        // Telling costs a write to the store, starting a few hundred milliseconds in the engine: side by side.
        var telling = phases.RunningAsync("image is present", "starting the container", cancellationToken);
        try
        {
            return await _containers.StartAsync(ContainerName.Of(sandbox.Incarnation, worker), cancellationToken);
        }
        finally
        {
            await telling;
        }
    }

    private async Task PullAsync(Wanted wanted, StartPhases phases, CancellationToken cancellationToken)
    {
        var (sandbox, platform) = (wanted.Order.Sandbox, wanted.Arguments.Platform ?? wanted.Order.Sandbox.Spec.Platform);
        await hooks.StepAsync(sandbox, "pulling", cancellationToken);
        var credentials = ImagePull.Credentials(wanted.Image, sandbox.Spec, wanted.Order.RegistryPassword);
        await new ImagePull(_images, time).RunAsync(wanted.Image, platform, credentials, phases, cancellationToken);
    }

    private static string Name(PullPolicy policy) => policy.ToString().ToLowerInvariant();

    private static Result<StartedSandbox> Result(SandboxError error) => error;

    private sealed record Wanted(StartOrder Order, ImageReference Image, EngineArguments Arguments, IReadOnlyList<string> Command);
}
