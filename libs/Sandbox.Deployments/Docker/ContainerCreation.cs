using System.Globalization;
using System.Net;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>Makes the one container of an incarnation, also when another attempt makes it at the same time.</summary>
internal sealed partial class ContainerCreation(
    EngineConnection engine, GpuAssignment gpus, IOptions<WorkerOptions> options, TimeProvider time, ILogger<ContainerCreation> logger)
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(10), LastLook = TimeSpan.FromSeconds(10);

    private readonly EngineContainers _containers = new(engine);
    private readonly WorkerOptions _worker = options.Value;
    private volatile bool _diskLimitRefused;

    /// <summary>Creates it, or takes up the container that an earlier or simultaneous attempt made, if it is ours.</summary>
    public async Task<MadeContainer> EnsureMadeAsync(ContainerPlan plan, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var name = ContainerName.Of(plan.Sandbox.Incarnation, _worker);
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
                throw new EngineException(
                    $"the engine keeps the name {name} for a container that it does not have", HttpStatusCode.Conflict, null);
            }

            // The engine gives the name away a moment before the container can be found, and nothing tells when it can.
            await Task.Delay(delay, time, cancellationToken);
        }
    }

    /// <summary>What a failed start made goes again, also when the caller's time is over; what cannot be removed now is left
    /// to the sweep, which finds it by its labels.</summary>
    public async Task TidyUpAsync(IncarnationId incarnation)
    {
        var name = ContainerName.Of(incarnation, _worker);
        try
        {
            if (await _containers.FindAsync(name, CancellationToken.None) is { } found
                && ContainerLabels.TryRead(found.Config?.Labels, _worker.ClusterId, out _, out _)
                && ContainerLabels.AreOfNode(found.Config?.Labels, _worker))
            {
                await _containers.RemoveAsync(found.ID, CancellationToken.None);
            }
        }
        catch (EngineException exception)
        {
            Log.LeftForSweep(logger, name, exception.Message);
        }
    }

    private async Task<MadeContainer> CreateAsync(
        ContainerPlan general, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        using var choice = await gpus.ChooseAsync(general.Sandbox, cancellationToken);
        var plan = general with { Gpus = choice.Gpus };
        var disk = plan.Sandbox.Spec.DiskBytes;
        var limitDisk = disk is not null && !_diskLimitRefused && (await engine.FactsAsync(cancellationToken)).CanLimitDisk;
        try
        {
            return new MadeContainer(
                await _containers.CreateAsync(plan.ToParameters(command, limitDisk), cancellationToken), limitDisk ? disk : null);
        }
        catch (EngineException refused) when (limitDisk && refused.Message.Contains("storage-opt", StringComparison.OrdinalIgnoreCase))
        {
            Log.DiskLimitRefused(logger, refused.Message);
            _diskLimitRefused = true;
            return new MadeContainer(await _containers.CreateAsync(plan.ToParameters(command, limitDisk: false), cancellationToken), null);
        }
    }

    private MadeContainer TakeUp(SandboxInstance sandbox, ContainerInspectResponse found, string name)
    {
        if (!ContainerLabels.TryRead(found.Config?.Labels, _worker.ClusterId, out var incarnation, out var id)
            || incarnation != sandbox.Incarnation || id != sandbox.Id || !ContainerLabels.AreOfNode(found.Config?.Labels, _worker))
        {
            return new MadeContainer(
                CreateOutcome.NameTaken, null, $"a container named {name} exists and does not belong to this sandbox; it is left alone");
        }

        var size = found.HostConfig?.StorageOpt?.TryGetValue("size", out var text) is true ? text : null;
        return new MadeContainer(CreateOutcome.Created, long.TryParse(size, CultureInfo.InvariantCulture, out var bytes) ? bytes : null);
    }

    private static partial class Log
    {
        [LoggerMessage(3002, LogLevel.Warning, "The engine cannot limit disk space, starts go on without: {Reason}")]
        public static partial void DiskLimitRefused(ILogger logger, string reason);

        [LoggerMessage(3003, LogLevel.Warning, "Container {Name} of a failed start could not be removed now, the sweep will: {Reason}")]
        public static partial void LeftForSweep(ILogger logger, string name, string reason);
    }
}

/// <param name="DiskBytes">The disk limit that it was made with.</param>
/// <param name="Foreign">Why the container of that name is not ours.</param>
internal sealed record MadeContainer(CreateOutcome Outcome, long? DiskBytes, string? Foreign = null);
