using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Local;

/// <summary>
/// Sandboxes as processes of this machine, behind bubblewrap where it works. The image is recorded and not used; a limit of disk is not
/// in effect, the others where the kernel lets this server set them.
/// </summary>
internal sealed class LocalDeployment(
    LocalLaunch launch, Bubblewrap bubblewrap, LocalNetwork network, ControlGroups groups, IOptions<WorkerOptions> options,
    TimeProvider time, ILogger<LocalDeployment> logger) : IDeployment
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<IncarnationId, System.Diagnostics.Process> _children = new();
    private readonly DeploymentHooks _hooks = new(logger);
    private readonly SandboxFolders _folders = new(options);

    public DeploymentKind Kind => DeploymentKind.Local;

    public void AddHook(IDeploymentHook hook) => _hooks.Add(hook);

    public async Task<SandboxError?> CheckAvailabilityAsync(CancellationToken cancellationToken)
    {
        if (!launch.HasAgent)
        {
            return new SandboxError.Forbidden(
                "Local sandboxes need the agent's program, and neither the native nor the .NET one is where the configuration says.");
        }

        return options.Value.AllowUnisolated || await bubblewrap.FindAsync().WaitAsync(cancellationToken) is not null
            ? null
            : new SandboxError.Forbidden(
                "Local sandboxes need bubblewrap (bwrap) to be isolated from this machine, and it is missing or does not work here. "
                    + "Install it, or allow unisolated sandboxes explicitly.");
    }

    public async Task<Result<StartedSandbox>> EnsureStartedAsync(
        StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        var sandbox = order.Sandbox;
        await phases.ReportAsync(
            SandboxPhase.ImagePull, PhaseStatus.Success, "the image is not used: the sandbox is a process of this machine",
            cancellationToken);
        await _hooks.StepAsync(sandbox, "creating", cancellationToken);
        FolderOf(sandbox.Incarnation).Create(sandbox);
        return await LaunchAsync(sandbox, phases, cancellationToken);
    }

    public async Task<Result<StartedSandbox>> EnsureRestartedAsync(
        SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        await phases.ReportAsync(
            SandboxPhase.ImagePull, PhaseStatus.Success, "not needed, the sandbox is started again", cancellationToken);
        return FolderOf(sandbox.Incarnation) is { Exists: true, SandboxId: not null }
            ? await LaunchAsync(sandbox, phases, cancellationToken)
            : new SandboxError.StartFailed(sandbox.Id, SandboxPhase.DockerRun, "its folder was removed, it cannot be started again");
    }

    public async Task<string> WhenEndedAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        if (_children.TryGetValue(incarnation, out var child))
        {
            await child.WaitForExitAsync(cancellationToken);
            return ExitReason(incarnation);
        }

        while (FolderOf(incarnation).Processes() is { IsAlive: true })
        {
            await Task.Delay(LookEvery, time, cancellationToken);
        }

        return ExitReason(incarnation);
    }

    public async Task EnsureStoppedAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        await _hooks.StepAsync(sandbox, "stopping", cancellationToken);
        await EndAsync(sandbox.Incarnation, cancellationToken);
    }

    public async Task EnsureGoneAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        await EndAsync(incarnation, cancellationToken);
        await FolderOf(incarnation).RemoveAsync(cancellationToken);
        await groups.RemoveAsync(incarnation, cancellationToken);
        if (_children.TryRemove(incarnation, out var child))
        {
            child.Dispose();
        }
    }

    public Task<IReadOnlyList<FoundSandbox>> ListAsync(CancellationToken cancellationToken)
    {
        var all = _folders.LocalRoot;
        IReadOnlyList<FoundSandbox> found = Directory.Exists(all)
            ? [.. Directory.EnumerateDirectories(all).Select(Describe).OfType<FoundSandbox>()]
            : [];
        return Task.FromResult(found);
    }

    public Task<Result<SandboxLog>> OpenLogAsync(SandboxInstance sandbox, LogQuery query, CancellationToken cancellationToken)
    {
        if (query.Since is not null)
        {
            return Task.FromResult<Result<SandboxLog>>(
                new SandboxError.Unsupported(
                    SandboxLog.Reading, "what a Local sandbox writes is kept without times, so since is unknown."));
        }

        var folder = FolderOf(sandbox.Incarnation);
        return Task.FromResult<Result<SandboxLog>>(
            LocalLog.TryOpen(folder.LogFile, query, () => folder.Processes() is { IsAlive: true }, time) is { } log
                ? log
                : new SandboxError.NoLog(sandbox.Id, "it has not been started here"));
    }

    private LocalFolder FolderOf(IncarnationId incarnation) => new(_folders.LocalWork(incarnation));

    private FoundSandbox? Describe(string path)
    {
        if (!IncarnationId.TryParse(Path.GetFileName(path), null, out var incarnation))
        {
            return null;
        }

        var folder = new LocalFolder(path);
        var running = folder.Processes() is { IsAlive: true };
        return new FoundSandbox(incarnation, folder.SandboxId ?? default, running, running ? null : ExitReason(incarnation));
    }

    private async Task<Result<StartedSandbox>> LaunchAsync(
        SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        var folder = FolderOf(sandbox.Incarnation);
        if (folder.Processes() is { IsAlive: true })
        {
            return new StartedSandbox(EffectiveDiskBytes: null, EffectiveNetwork: sandbox.EffectiveNetwork);
        }

        if (await CheckAvailabilityAsync(cancellationToken) is { } unavailable)
        {
            return new SandboxError.StartFailed(sandbox.Id, SandboxPhase.DockerRun, unavailable.Text);
        }

        // An earlier attempt may have died between its launch and the first line of that process.
        await EndAsync(sandbox.Incarnation, cancellationToken);
        await _hooks.StepAsync(sandbox, "starting", cancellationToken);
        var isolation = await bubblewrap.FindAsync().WaitAsync(cancellationToken);
        var effect = await network.ChooseAsync(sandbox.Spec.Network, isolation, cancellationToken);
        if (effect.Refusal is { } refusal)
        {
            return new SandboxError.StartFailed(sandbox.Id, SandboxPhase.DockerRun, refusal);
        }

        await phases.ReportAsync(
            SandboxPhase.DockerRun, PhaseStatus.Running,
            isolation is null ? "starting a process without isolation" : $"starting a process behind bubblewrap, network: {effect.Text}",
            cancellationToken);
        var limits = groups.Make(sandbox.Incarnation, sandbox.Spec);
        _children[sandbox.Incarnation] = launch.Start(sandbox, folder, isolation, effect.HasNetwork, limits.Folders);
        return new StartedSandbox(EffectiveDiskBytes: null, EffectiveNetwork: effect.Text) { Confinement = Describe(isolation, limits) };
    }

    private static string Describe(Bubblewrap.IsolationSettings? isolation, ControlGroupLimits limits)
    {
        var walls = isolation is null ? "without isolation" : "behind bubblewrap with a filter of system calls";
        return limits.WhyMissing is not { } missing
            ? $"{walls}; limits in effect: memory, processors, processes"
            : $"{walls}; limits in effect: {(ProcessLimits.CountsProcesses ? "processes" : "none")}, because control groups cannot be "
                + $"made here ({missing})";
    }

    private string ExitReason(IncarnationId incarnation) =>
        _children.TryGetValue(incarnation, out var child) && child.HasExited
            ? $"its process ended with exit code {child.ExitCode}{LogOf(incarnation)}"
            : "its process is gone";

    /// <summary>The end of what the agent (or bubblewrap) said, which is why it did not start.</summary>
    private string LogOf(IncarnationId incarnation)
    {
        const int longest = 300;
        var text = ProcFs.Read(FolderOf(incarnation).LogFile)?.Trim() ?? "";
        return text.Length == 0 ? "" : $": {(text.Length > longest ? "…" + text[^longest..] : text)}";
    }

    /// <summary>With the first process of a pid namespace all of it ends. Without isolation the tree is ended, and then whatever
    /// carries its mark.</summary>
    private async Task EndAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(EndTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        while (Left(incarnation) is { Count: > 0 } left)
        {
            foreach (var process in left)
            {
                process.Kill();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), time, either.Token);
        }
    }

    private IReadOnlyList<ProcessIdentity> Left(IncarnationId incarnation)
    {
        var folder = FolderOf(incarnation);
        if (!folder.Exists)
        {
            return [];
        }

        var processes = folder.Processes();
        var outer = processes?.Outer is { IsAlive: true } alive ? alive : null;
        return processes?.Inner is { IsAlive: true } inner
            ? [inner, .. outer is null ? (ProcessIdentity[])[] : [outer]]
            : [.. outer?.WithDescendants() ?? [], .. ProcFs.WithEnvironment($"{LocalLaunch.Mark}={incarnation}")];
    }
}
