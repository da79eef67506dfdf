using System.Text.RegularExpressions;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// Sandboxes as containers of this node's engine. Where the engine does not answer, the verbs that have no error to return
/// throw <see cref="EngineException"/>: nothing is known then, and the job is tried again.
/// </summary>
internal sealed partial class DockerDeployment : IDeployment
{
    private readonly EngineConnection _engine;
    private readonly EngineContainers _containers;
    private readonly SandboxImages _images;
    private readonly KataDisk _kataDisk;
    private readonly SandboxNetworks _networks;
    private readonly ContainerStarter _starter;
    private readonly DockerStart _start;
    private readonly GpuAssignment _gpus;
    private readonly SandboxFolders _folders;
    private readonly WorkerOptions _worker;
    private readonly ILogger _logger;

    public DockerDeployment(
        EngineConnection engine, SandboxImages images, SandboxNetworks networks, DockerStart start, GpuAssignment gpus,
        IOptions<WorkerOptions> options, ILogger<DockerDeployment> logger)
    {
        (_engine, _images, _start, _gpus, _worker, _logger) = (engine, images, start, gpus, options.Value, logger);
        _folders = new SandboxFolders(options);
        _containers = new EngineContainers(engine);
        _kataDisk = new KataDisk(_worker.DataFolder);
        (_networks, _starter) = (networks, new ContainerStarter(engine, networks));
    }

    public DeploymentKind Kind => DeploymentKind.Docker;

    /// <summary>What runs in the container. A seam for tests that have no agent.</summary>
    internal Func<SandboxInstance, IReadOnlyList<string>> Command { get; init; } = ContainerPlan.AgentCommand;

    public void AddHook(IDeploymentHook hook) => _start.Hooks.Add(hook);

    public async Task<SandboxError?> CheckAvailabilityAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _engine.PingAsync(cancellationToken);
            var facts = await _engine.FactsAsync(cancellationToken);
            if (facts.WhyRefused(_worker) is { } refusal)
            {
                return new SandboxError.DockerUnavailable(refusal);
            }

            var agent = Path.Combine(_folders.AgentBinary(facts.Architecture), AgentRoutes.BinaryName);
            return File.Exists(agent)
                ? null : new SandboxError.DockerUnavailable(
                    $"the engine answers, but the native agent is not at {agent}: build/agent.sh builds it and needs gcc");
        }
        catch (EngineException exception)
        {
            return new SandboxError.DockerUnavailable(exception.Message);
        }
    }

    public Task<Result<StartedSandbox>> EnsureStartedAsync(StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken) =>
        _start.RunAsync(order, Command(order.Sandbox), phases, cancellationToken);

    public async Task<Result<StartedSandbox>> EnsureRestartedAsync(
        SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        var told = new StartPhases(sandbox, phases);
        await told.RunningAsync("not needed, the container is started again", "starting the container", cancellationToken);
        if (sandbox.Spec.UseKata && !_kataDisk.Exists(sandbox.Incarnation))
        {
            return await FailedAsync(
                told.FailedAsync("its disk image is missing, it cannot be started again", cancellationToken));
        }

        try
        {
            var facts = await _engine.FactsAsync(cancellationToken);
            _folders.EnsureSocketFolder(sandbox.Incarnation, facts.ContainerRoot);
            await _start.Hooks.StepAsync(sandbox, "starting", cancellationToken);
            return await StartAgainAsync(sandbox, cancellationToken) is { } network
                ? new StartedSandbox(sandbox.EffectiveDiskBytes, sandbox.EffectiveLogBytes, network)
                {
                    Confinement = facts.Describe(sandbox.Spec, _worker),
                }
                : await FailedAsync(told.FailedAsync($"{EndReason.Removed}, its files are gone", cancellationToken));
        }
        catch (EngineException exception)
        {
            return await FailedAsync(told.FailedAsync(exception, cancellationToken));
        }
    }

    public async Task<string> WhenEndedAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        var name = ContainerName.Of(incarnation, _worker);
        var ended = await _containers.WaitAsync(name, cancellationToken);
        var found = ended ? await _containers.FindAsync(name, cancellationToken) : null;
        return found is null ? EndReason.Removed : EndReason.Of(found.State);
    }

    public async Task EnsureStoppedAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        await _start.Hooks.StepAsync(sandbox, "stopping", cancellationToken);
        await _containers.StopAsync(ContainerName.Of(sandbox.Incarnation, _worker), cancellationToken);
        await _networks.ForgetAsync(sandbox.Incarnation, cancellationToken);
    }

    public async Task EnsureGoneAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        var name = ContainerName.Of(incarnation, _worker);
        await EnsureGoneAsync(name, cancellationToken);

        // The name is how we make them; a double under another name is known by its labels.
        foreach (var (_, _, container) in Ours(
            await _containers.ListAsync(ContainerLabels.Incarnation, incarnation.ToString(), cancellationToken)))
        {
            await EnsureGoneAsync(container.ID, cancellationToken);
        }

        await _networks.ForgetAsync(incarnation, cancellationToken);
        _kataDisk.EnsureGone(incarnation);
        _folders.RemoveSocket(incarnation);
    }

    public async Task<IReadOnlyList<FoundSandbox>> ListAsync(CancellationToken cancellationToken)
    {
        var asked = _networks.Moment;
        var listed = await _containers.ListAsync(ContainerLabels.Cluster, _worker.ClusterId, cancellationToken);
        _networks.Note(listed, asked);
        return await Task.WhenAll(Ours(listed).Select(async ours => new FoundSandbox(
            ours.Incarnation,
            ours.Sandbox,
            IsUp(ours.Container),
            IsUp(ours.Container) ? null : await WhyDownAsync(ours.Container, cancellationToken))));
    }

    public async Task<SandboxUsage?> UseAsync(IncarnationId incarnation, CancellationToken cancellationToken) =>
        ContainerUsage.Of(await _containers.StatsAsync(ContainerName.Of(incarnation, _worker), cancellationToken));

    public async Task<Result<SandboxLog>> OpenLogAsync(SandboxInstance sandbox, LogQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return await _containers.LogAsync(
                ContainerName.Of(sandbox.Incarnation, _worker), ContainerLog.Parameters(query), cancellationToken) is { } log
                ? ContainerLog.Of(log)
                : new SandboxError.NoLog(sandbox.Id, "it has no container");
        }
        catch (EngineException exception)
        {
            return new SandboxError.DockerUnavailable(exception.Message);
        }
    }

    public async Task<IReadOnlyCollection<string>> ImagesAsync(CancellationToken cancellationToken) =>
        [.. await new EngineImages(_engine).NamesAsync(cancellationToken)];

    public bool HasEgressLists => true;

    public async Task<Result<AppliedEgress>> ApplyEgressAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        try
        {
            var gap = await _networks.LimitAsync(sandbox, ContainerName.Of(sandbox.Incarnation, _worker), cancellationToken);
            return gap is not null
                ? new SandboxError.Unsupported(AppliedEgress.Lists, gap)
                : new AppliedEgress(SandboxLimits.IsLimited(sandbox.Spec) ? NetworkEffect.Limited
                    : sandbox.EffectiveNetwork is NetworkEffect.Limited ? NetworkEffect.Isolated
                    : sandbox.EffectiveNetwork);
        }
        catch (EngineException exception)
        {
            return new SandboxError.DockerUnavailable(exception.Message);
        }
    }

    public Task MaintainAsync(CancellationToken cancellationToken) => _networks.MaintainAsync(cancellationToken);

    private static bool IsUp(ContainerListResponse container) => container.State is "running" or "paused" or "restarting";

    private static async Task<Result<StartedSandbox>> FailedAsync(Task<SandboxError> failing) => await failing;

    /// <returns>What keeps its network apart; null when the container is gone.</returns>
    private async Task<string?> StartAgainAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        var name = ContainerName.Of(sandbox.Incarnation, _worker);
        var effect = (sandbox.Spec.Network, sandbox.EffectiveNetwork) switch
        {
            (NetworkMode.None, _) => NetworkEffect.None,

            // Made before there were networks of our own: it is in the engine's.
            (_, null) when await _containers.FindAsync(name, cancellationToken) is not null =>
                (await _networks.MoveAsync(sandbox.Spec, name, cancellationToken)).Effect,
            _ => await _networks.CheckAsync(sandbox.Spec, cancellationToken),
        };
        using var gpus = await _gpus.TakeAgainAsync(sandbox, name, cancellationToken);
        return await _starter.StartAsync(sandbox, name, effect, cancellationToken);
    }

    private IEnumerable<(IncarnationId Incarnation, SandboxId Sandbox, ContainerListResponse Container)> Ours(
        IEnumerable<ContainerListResponse> listed)
    {
        foreach (var container in listed)
        {
            if (ContainerLabels.TryRead(container.Labels, _worker.ClusterId, out var incarnation, out var sandbox)
                && ContainerLabels.AreOfNode(container.Labels, _worker))
            {
                yield return (incarnation, sandbox, container);
            }
        }
    }

    private async Task EnsureGoneAsync(string name, CancellationToken cancellationToken)
    {
        if (await _containers.FindAsync(name, cancellationToken) is not { } found)
        {
            return;
        }

        if (!ContainerLabels.TryRead(found.Config?.Labels, _worker.ClusterId, out _, out _)
            || !ContainerLabels.AreOfNode(found.Config?.Labels, _worker))
        {
            Log.NotOurs(_logger, name);
            return;
        }

        await _containers.RemoveAsync(found.ID, cancellationToken);
        await RemoveImageAsync(found, cancellationToken);
    }

    /// <summary>The list says the exit code; whether it was for want of memory, only the container itself.</summary>
    private async Task<string> WhyDownAsync(ContainerListResponse container, CancellationToken cancellationToken) =>
        ExitCode().Match(container.Status) is { Success: true } exit && exit.Groups[1].ValueSpan is not "137"
            ? $"exit code {exit.Groups[1].Value}"
            : await _containers.FindAsync(container.ID, cancellationToken) is { } found ? EndReason.Of(found.State) : EndReason.Removed;

    /// <summary>An image that a container uses, even a stopped one, cannot be removed, so it goes with its last container.</summary>
    private async Task RemoveImageAsync(ContainerInspectResponse removed, CancellationToken cancellationToken)
    {
        if (ContainerLabels.TryReadRemoval(removed.Config?.Labels, out var image, out var tenant)
            && !await _images.TryRemoveAsync(image, removed.Image, tenant, cancellationToken))
        {
            Log.ImageInUse(_logger, image);
        }
    }

    [GeneratedRegex(@"^Exited \((\d+)\)")]
    private static partial Regex ExitCode();

    private static partial class Log
    {
        [LoggerMessage(3004, LogLevel.Warning, "Container {Name} is not one of this cluster's, it is left alone")]
        public static partial void NotOurs(ILogger logger, string name);

        [LoggerMessage(3005, LogLevel.Information, "Image {Image} is used by another container or is not only its tenant's, it stays")]
        public static partial void ImageInUse(ILogger logger, string image);
    }
}
