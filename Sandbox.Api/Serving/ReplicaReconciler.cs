using System.Security.Cryptography;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Models;
using Sandbox.Domain.Specs;
using Sandbox.Serving.Backends;

namespace Sandbox.Api.Serving;

/// <summary>
/// Brings one replica a step nearer to serving: submits its sandbox, starts the engine in it, waits until it is ready, restarts what has
/// ended. Each step looks at what is there first, so that it may be done twice.
/// </summary>
internal sealed class ReplicaReconciler(
    EngineLaunches launches, EngineSandboxes sandboxes, SandboxProcesses processes, EngineProbe probe, TimeProvider time)
{
    /// <summary>By which an agent knows the process of the engine.</summary>
    public const string EngineTag = "engine";

    private const string PreparationTag = "engine-preparation";

    /// <summary>Below those that Linux gives to outgoing connections.</summary>
    private const int FirstPort = 20_000, LastPort = 32_000;

    /// <summary>Looks in a row without an answer after which a replica is unhealthy, and after which its engine is ended.</summary>
    private const int UnhealthyAfter = 3, HungAfter = 60;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>An engine that was ready for so long and ends had no part in the failures before.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);

    private readonly ReplicaHealthCounts _health = new();

    /// <summary>A replica that nothing was done for yet.</summary>
    public static ModelReplica New(ModelRecord model, string name) =>
        new() { Name = name, Sandbox = EngineSandboxes.NewId(), Port = PortOf(model) };

    /// <returns>The replica as it is then, to be written.</returns>
    public async Task<ModelReplica> StepAsync(ModelRecord model, ModelReplica replica, CancellationToken cancellationToken)
    {
        if (replica.NotBefore > time.GetUtcNow())
        {
            return replica;
        }

        if (!launches.TryBuild(model, replica.Port, out var start, out var error))
        {
            return Failed(replica, error);
        }

        // An engine that cannot be told its port listens on its own.
        replica = replica with { Port = start.Launch.Port };
        return await sandboxes.FindAsync(replica.Sandbox, cancellationToken) switch
        {
            null => await SubmitAsync(model, replica, start, cancellationToken),
            { State: SandboxState.Pending } pending => replica with { State = ReplicaState.Deploying, Message = PhaseOf(pending) },
            { State: SandboxState.Running } => await LookAtEngineAsync(model, replica, start, cancellationToken),
            { } ended => await ReplaceAsync(model, replica, ended, cancellationToken),
        };
    }

    private async Task<ModelReplica> SubmitAsync(
        ModelRecord model, ModelReplica replica, EngineStart start, CancellationToken cancellationToken) =>
        await sandboxes.SubmitAsync(model, replica.Sandbox, start.Launch.Image, start.Deployment.Resources, cancellationToken)
            is { } refusal
            ? Failed(replica, refusal)
            : replica with { State = ReplicaState.Deploying, Message = "its sandbox is placed", NotBefore = null };

    /// <summary>What is left of the sandbox goes; the next one has another id, which is written before it is submitted.</summary>
    private async Task<ModelReplica> ReplaceAsync(
        ModelRecord model, ModelReplica replica, SandboxInstance ended, CancellationToken cancellationToken)
    {
        await sandboxes.EndAsync(ended.Id, cancellationToken);
        _health.Clear(ended.Id);
        return Failed(replica, WhyEnded(ended)) with { Sandbox = EngineSandboxes.NewId(), Port = PortOf(model) };
    }

    private async Task<ModelReplica> LookAtEngineAsync(
        ModelRecord model, ModelReplica replica, EngineStart start, CancellationToken cancellationToken)
    {
        switch (await processes.FindAsync(replica.Sandbox, EngineTag, cancellationToken))
        {
            case ProcessState.Running:
                var running = replica with { StartedAt = replica.StartedAt ?? time.GetUtcNow(), NotBefore = null };
                return running.ReadyAt is null
                    ? await LookWhetherReadyAsync(model, running, start, cancellationToken)
                    : await LookWhetherHealthyAsync(running, start, cancellationToken);
            case ProcessState.Ended ended:
                var output = start.Redactor.Redact(ended.Output);
                return Failed(replica, $"the engine has ended ({ended.Status}): {LastLine(output)}") with { LastOutput = output };
            case ProcessState.Unknown unknown:
                return Missed(replica, unknown.Reason, _health.Miss(replica.Sandbox));
            default:
                return replica.StartedAt is null
                    ? await StartAsync(model, replica, start, cancellationToken)
                    : Failed(replica, "the engine has ended; how is not known any more");
        }
    }

    private async Task<ModelReplica> StartAsync(
        ModelRecord model, ModelReplica replica, EngineStart start, CancellationToken cancellationToken)
    {
        // Something else that listens there would answer for the engine.
        if (await probe.IsPortTakenAsync(replica.Sandbox, replica.Port, cancellationToken))
        {
            return Failed(replica, $"port {replica.Port} is taken where its engine would listen") with { Port = PortOf(model) };
        }

        var refusal = await processes.StartAsync(
            replica.Sandbox, EngineTag, start.Launch.Arguments, start.Environment, cancellationToken);
        return refusal is null
            ? replica with
            {
                State = ReplicaState.Deploying,
                Message = "the engine starts",
                NotBefore = null,
                StartedAt = time.GetUtcNow(),
                LastOutput = "",
            }
            : Failed(replica, start.Redactor.Redact($"the engine does not start: {refusal}"));
    }

    private async Task<ModelReplica> LookWhetherReadyAsync(
        ModelRecord model, ModelReplica replica, EngineStart start, CancellationToken cancellationToken)
    {
        var isPrepared = replica.IsPrepared || start.Launch.AfterStart.IsEmpty;
        var check = isPrepared && model.CompletesPrompts ? ReadinessCheck.Completion : ReadinessCheck.Health;
        if (await AskAsync(replica, start, check, cancellationToken) is { } problem)
        {
            return replica with { State = ReplicaState.Deploying, Message = start.Redactor.Redact(problem) };
        }

        return isPrepared
            ? replica with { State = ReplicaState.Running, Message = "", ReadyAt = time.GetUtcNow() }
            : await PrepareAsync(replica, start, cancellationToken);
    }

    /// <summary>The command that runs once the server answers, for example one that brings the model.</summary>
    private async Task<ModelReplica> PrepareAsync(ModelReplica replica, EngineStart start, CancellationToken cancellationToken)
    {
        var deploying = replica with { State = ReplicaState.Deploying, Message = "its model is being brought" };
        switch (await processes.FindAsync(replica.Sandbox, PreparationTag, cancellationToken))
        {
            case ProcessState.Running:
                return deploying;
            case ProcessState.Ended { Succeeded: true }:
                return deploying with { IsPrepared = true };
            case ProcessState.Ended ended:
                return Failed(
                    replica,
                    start.Redactor.Redact($"{start.Launch.AfterStart[0]} has failed ({ended.Status}): {LastLine(ended.Output)}"));
            case ProcessState.Unknown unknown:
                return replica with { State = ReplicaState.Deploying, Message = unknown.Reason };
            default:
                var refusal = await processes.StartAsync(
                    replica.Sandbox, PreparationTag, start.Launch.AfterStart, start.Environment, cancellationToken);
                return refusal is null ? deploying : Failed(replica, start.Redactor.Redact(refusal));
        }
    }

    private async Task<ModelReplica> LookWhetherHealthyAsync(
        ModelReplica replica, EngineStart start, CancellationToken cancellationToken)
    {
        if (await AskAsync(replica, start, ReadinessCheck.Health, cancellationToken) is { } problem)
        {
            var misses = _health.Miss(replica.Sandbox);
            if (misses > HungAfter)
            {
                await processes.KillAsync(replica.Sandbox, EngineTag, cancellationToken);
            }

            return Missed(replica, start.Redactor.Redact(problem), misses);
        }

        _health.Clear(replica.Sandbox);
        return replica with { State = ReplicaState.Running, Message = "" };
    }

    private Task<string?> AskAsync(
        ModelReplica replica, EngineStart start, ReadinessCheck check, CancellationToken cancellationToken) =>
        probe.CheckAsync(
            ReplicaConnector.AddressOf(replica.Sandbox, replica.Port), start.Engine, start.Launch, check, cancellationToken);

    /// <summary>One look without an answer says little: an engine may be busy, or its node away for a moment.</summary>
    private static ModelReplica Missed(ModelReplica replica, string reason, int misses) =>
        misses < UnhealthyAfter ? replica
        : replica with { State = replica.ReadyAt is null ? ReplicaState.Deploying : ReplicaState.Unhealthy, Message = reason };

    private ModelReplica Failed(ModelReplica replica, string message)
    {
        var now = time.GetUtcNow();
        var failures = now - replica.ReadyAt >= Settled ? 1 : replica.Failures + 1;
        var pause = FirstPause * Math.Pow(2, Math.Min(failures, 10) - 1);
        _health.Clear(replica.Sandbox);
        return replica with
        {
            State = ReplicaState.Failed,
            Message = message,
            Failures = failures,
            NotBefore = now + (pause < LongestPause ? pause : LongestPause),
            StartedAt = null,
            ReadyAt = null,
            IsPrepared = false,
        };
    }

    /// <summary>That of the configuration. Else, where several engines may share one loopback, one that is probably free.</summary>
    private static int PortOf(ModelRecord model) =>
        model.Configuration.TryGetValue(EngineLaunches.PortKey, out var text) && int.TryParse(text, out var port) ? port
        : model.Deployment is DeploymentKind.Local ? RandomNumberGenerator.GetInt32(FirstPort, LastPort)
        : EngineLaunches.DefaultPort;

    private static string PhaseOf(SandboxInstance pending) =>
        pending.Phases.FindLast(phase => phase.Status is not PhaseStatus.Waiting) is { } phase
            ? $"{phase.Name}: {phase.Message}" : "its sandbox starts";

    private static string WhyEnded(SandboxInstance ended) =>
        ended.Phases.Find(phase => phase.Status is PhaseStatus.Failed or PhaseStatus.Timeout) is { } phase
            ? $"its sandbox with image {ended.Spec.Image} did not start ({phase.Name}): {ended.Reason ?? phase.Message}"
            : $"its sandbox has ended: {ended.Reason ?? "it was stopped"}";

    private static string LastLine(string output) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() is { } line
            ? line[..Math.Min(line.Length, 300)]
            : "it printed nothing";
}
