using System.Globalization;
using System.Net;
using Docker.DotNet.Models;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Worker.Agents;
using Sandbox.Worker.Deployments;

namespace Sandbox.Worker.Docker;

/// <summary>
/// Makes and starts containers: create → (gap for quotas) → start. The image is looked for only when the engine says that it
/// is missing, so that the usual start costs two calls.
/// </summary>
internal sealed partial class DockerStart(
    EngineConnection engine, SandboxFolders folders, WorkerOptions worker, KataDisk kataDisk, DeploymentHooks hooks, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(10), LastLook = TimeSpan.FromSeconds(10);

    private readonly EngineContainers _containers = new(engine);
    private readonly EngineImages _images = new(engine);
    private volatile bool _diskLimitRefused;

    public async Task<Result<StartedSandbox>> RunAsync(
        StartOrder order, IReadOnlyList<string> command, IPhaseReporter reporter, CancellationToken cancellationToken)
    {
        var phases = new StartPhases(order.Sandbox, reporter);
        try
        {
            return await StartAsync(order, command, phases, reporter, cancellationToken);
        }
        catch (EngineException exception)
        {
            // An engine that does not answer may have started it: the next attempt takes it up, or the caller removes it.
            if (!exception.Unreachable)
            {
                await TidyUpAsync(order.Sandbox.Incarnation);
            }

            return await phases.FailedAsync(exception, cancellationToken);
        }
    }

    private async Task<Result<StartedSandbox>> StartAsync(
        StartOrder order, IReadOnlyList<string> command, StartPhases phases, IPhaseReporter reporter, CancellationToken cancellationToken)
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

        if (spec.Pull is PullPolicy.Always)
        {
            await PullAsync(order, image, phases, reporter, cancellationToken);
        }

        var plan = await PlanAsync(sandbox, arguments, cancellationToken);
        await hooks.StepAsync(sandbox, "creating", cancellationToken);
        var made = await MakeAsync(plan, command, cancellationToken);
        if (made.Outcome is CreateOutcome.NoImage && spec.Pull is PullPolicy.Missing)
        {
            await PullAsync(order, image, phases, reporter, cancellationToken);
            made = await MakeAsync(plan, command, cancellationToken);
        }

        if (made.Outcome is CreateOutcome.NoImage)
        {
            return Result(await phases.ImageFailedAsync($"image {image.Text} is not present on this node and pull is '{Name(spec.Pull)}'", cancellationToken));
        }

        if (made.Foreign is { } foreign)
        {
            return Result(await phases.FailedAsync(foreign, cancellationToken));
        }

        // The gap in which quotas are set on what exists but does not run yet.
        await hooks.StepAsync(sandbox, "starting", cancellationToken);
        return await StartMadeAsync(sandbox, made, phases, cancellationToken);
    }

    private async Task<Result<StartedSandbox>> StartMadeAsync(SandboxInstance sandbox, Made made, StartPhases phases, CancellationToken cancellationToken)
    {
        // Telling costs a write to the store, starting a few hundred milliseconds in the engine: side by side.
        var telling = phases.RunningAsync("image is present", "starting the container", cancellationToken);
        bool started;
        try
        {
            started = await _containers.StartAsync(ContainerName.Of(sandbox.Incarnation), cancellationToken);
        }
        finally
        {
            await telling;
        }

        return started
            ? new StartedSandbox(made.DiskBytes)
            : Result(await phases.FailedAsync(EndReason.Removed, cancellationToken));
    }

    private async Task PullAsync(
        StartOrder order, ImageReference image, StartPhases phases, IPhaseReporter reporter, CancellationToken cancellationToken)
    {
        var spec = order.Sandbox.Spec;
        phases.Pulling();
        await hooks.StepAsync(order.Sandbox, "pulling", cancellationToken);
        var credentials = ImagePull.Credentials(image, spec, order.RegistryPassword);
        await new ImagePull(_images, time).RunAsync(image, spec.Platform, credentials, reporter, cancellationToken);
        await phases.PulledAsync("pulled", cancellationToken);
    }

    private async Task<ContainerPlan> PlanAsync(SandboxInstance sandbox, EngineArguments arguments, CancellationToken cancellationToken)
    {
        var facts = await engine.FactsAsync(cancellationToken);
        var socketFolder = folders.Socket(sandbox.Incarnation);
        Directory.CreateDirectory(socketFolder);
        if (sandbox.Spec.UseKata)
        {
            kataDisk.EnsureMade(sandbox);
        }

        return new ContainerPlan(
            sandbox, worker, arguments, Path.GetFullPath(folders.AgentBinary(facts.Architecture)), socketFolder, kataDisk.File(sandbox.Incarnation));
    }

    private async Task<Made> CreateAsync(ContainerPlan plan, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var disk = plan.Sandbox.Spec.DiskBytes;
        var limitDisk = disk is not null && !_diskLimitRefused && (await engine.FactsAsync(cancellationToken)).CanLimitDisk;
        try
        {
            return new Made(await _containers.CreateAsync(plan.ToParameters(command, limitDisk), cancellationToken), limitDisk ? disk : null);
        }
        catch (EngineException refused) when (limitDisk && refused.Message.Contains("storage-opt", StringComparison.OrdinalIgnoreCase))
        {
            Log.DiskLimitRefused(logger, refused.Message);
            _diskLimitRefused = true;
            return new Made(await _containers.CreateAsync(plan.ToParameters(command, limitDisk: false), cancellationToken), null);
        }
    }

    /// <summary>Creates it, or takes up the container that an earlier or simultaneous attempt made, if it is ours.</summary>
    private async Task<Made> MakeAsync(ContainerPlan plan, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var name = ContainerName.Of(plan.Sandbox.Incarnation);
        for (var delay = FirstLook; ; delay *= 2)
        {
            var made = await CreateAsync(plan, command, cancellationToken);
            if (made.Outcome is not CreateOutcome.NameTaken)
            {
                return made;
            }

            if (await _containers.FindAsync(name, cancellationToken) is { } found)
            {
                return TakeUp(plan.Sandbox, found, name);
            }

            if (delay > LastLook)
            {
                throw new EngineException($"the engine keeps the name {name} for a container that it does not have", HttpStatusCode.Conflict, null);
            }

            // The engine gives the name away a moment before the container can be found, and nothing tells when it can.
            await Task.Delay(delay, time, cancellationToken);
        }
    }

    private Made TakeUp(SandboxInstance sandbox, ContainerInspectResponse found, string name)
    {
        if (!ContainerLabels.TryRead(found.Config?.Labels, worker.ClusterId, out var incarnation, out var id) || incarnation != sandbox.Incarnation || id != sandbox.Id)
        {
            return new Made(CreateOutcome.NameTaken, null, $"a container named {name} exists and does not belong to this sandbox; it is left alone");
        }

        var size = found.HostConfig?.StorageOpt?.TryGetValue("size", out var text) is true ? text : null;
        return new Made(CreateOutcome.Created, long.TryParse(size, CultureInfo.InvariantCulture, out var bytes) ? bytes : null);
    }

    /// <summary>What a failed start made goes again, also when the caller's time is over; what cannot be removed now is left
    /// to the sweep, which finds it by its labels.</summary>
    private async Task TidyUpAsync(IncarnationId incarnation)
    {
        var name = ContainerName.Of(incarnation);
        try
        {
            if (await _containers.FindAsync(name, CancellationToken.None) is { } found && ContainerLabels.TryRead(found.Config?.Labels, worker.ClusterId, out _, out _))
            {
                await _containers.RemoveAsync(found.ID, CancellationToken.None);
            }
        }
        catch (EngineException exception)
        {
            Log.LeftForSweep(logger, name, exception.Message);
        }
    }

    private static string Name(PullPolicy policy) => policy.ToString().ToLowerInvariant();

    private static Result<StartedSandbox> Result(SandboxError error) => error;

    /// <param name="Foreign">Why the container of that name is not ours.</param>
    private sealed record Made(CreateOutcome Outcome, long? DiskBytes, string? Foreign = null);

    private static partial class Log
    {
        [LoggerMessage(3002, LogLevel.Warning, "The engine cannot limit disk space, starts go on without: {Reason}")]
        public static partial void DiskLimitRefused(ILogger logger, string reason);

        [LoggerMessage(3003, LogLevel.Warning, "Container {Name} of a failed start could not be removed now, the sweep will: {Reason}")]
        public static partial void LeftForSweep(ILogger logger, string name, string reason);
    }
}
