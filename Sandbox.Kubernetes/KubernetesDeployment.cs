using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Kubernetes.Cluster;
using Sandbox.Kubernetes.Objects;
using Sandbox.Kubernetes.Templates;
using Sandbox.Kubernetes.Watching;
using Sandbox.Node.Deployments;

namespace Sandbox.Kubernetes;

/// <summary>A sandbox as a pod. The head's own job loop drives it, as it drives containers: the same jobs, leases, adoption, sweep of
/// orphans and reports of losses.</summary>
internal sealed class KubernetesDeployment(
    ClusterApi api, ClusterView view, PodChoice choice, SandboxManifests manifests, IOptions<KubernetesOptions> options, TimeProvider time,
    ILogger<KubernetesDeployment> logger) : IDeployment
{
    private readonly DeploymentHooks _hooks = new(logger);

    public DeploymentKind Kind => DeploymentKind.Kubernetes;

    /// <summary>A process that has just started waits for the first answer of the API, so that it does not say for a while that it
    /// cannot run what it can.</summary>
    public async Task<SandboxError?> CheckAvailabilityAsync(CancellationToken cancellationToken)
    {
        await view.FirstAnswer.WaitAsync(cancellationToken);
        return view.Silence is { } reason ? new SandboxError.NoCapacity($"the Kubernetes API does not answer: {reason}") : null;
    }

    public async Task<Result<StartedSandbox>> EnsureStartedAsync(
        StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        var sandbox = order.Sandbox;
        try
        {
            if (!(await FindOrMakeAsync(order, cancellationToken)).TryGet(out var made, out var wrong))
            {
                return new SandboxError.StartFailed(sandbox.Id, SandboxPhase.DockerRun, wrong.Text);
            }

            await _hooks.StepAsync(sandbox, "starting", cancellationToken);
            var start = new PodStart(sandbox, PodSource.Of(made), view, phases, options.Value, time);
            return await start.WaitAsync(cancellationToken) is { } failure
                ? failure
                : new StartedSandbox(SandboxManifests.LimitsDisk(made) ? sandbox.Spec.DiskBytes : null);
        }
        catch (Exception exception) when (exception is TemplateException or ClusterException)
        {
            var kind = exception is TemplateException ? "its pod's template cannot be used" : "the Kubernetes API does not make its pod";
            var reason = phases.Describe(kind, exception);
            return new SandboxError.StartFailed(sandbox.Id, SandboxPhase.DockerRun, reason);
        }
    }

    public Task<Result<StartedSandbox>> EnsureRestartedAsync(
        SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken) =>
        Task.FromResult<Result<StartedSandbox>>(PodLimits.NoRestart);

    public async Task<string> WhenEndedAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = view.ChangeOf(incarnation);
            if (SandboxFacts.EndOf(view.Find(incarnation), options.Value) is { } reason)
            {
                return reason;
            }

            await change.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A pod's files end with it: stopped is gone.</summary>
    public Task EnsureStoppedAsync(SandboxInstance sandbox, CancellationToken cancellationToken) =>
        EnsureGoneAsync(sandbox.Incarnation, cancellationToken);

    public Task EnsureGoneAsync(IncarnationId incarnation, CancellationToken cancellationToken) =>
        api.EnsureGoneAsync(ObjectName.Of(incarnation), cancellationToken);

    public Task<IReadOnlyList<FoundSandbox>> ListAsync(CancellationToken cancellationToken) =>
        view.Silence is { } reason
            ? throw new InvalidOperationException(reason)
            : Task.FromResult<IReadOnlyList<FoundSandbox>>([.. view.All().Select(Found)]);

    public async Task<Result<SandboxLog>> OpenLogAsync(SandboxInstance sandbox, LogQuery query, CancellationToken cancellationToken)
    {
        try
        {
            var since = query.Since is { } from
                ? (int?)Math.Clamp(Math.Ceiling((time.GetUtcNow() - from).TotalSeconds), 1, int.MaxValue) : null;
            return view.Find(sandbox.Incarnation)?.Pod is { } pod
                && await api.OpenLogAsync(pod.Name, query.Follow, query.Tail, since, cancellationToken) is { } log
                ? SandboxLog.Of(log)
                : new SandboxError.NoLog(sandbox.Id, "it has no pod, and a pod's log ends with it");
        }
        catch (ClusterException)
        {
            return new SandboxError.NoCapacity("the Kubernetes API does not give its log now");
        }
    }

    public void AddHook(IDeploymentHook hook) => _hooks.Add(hook);

    /// <summary>The pod or batch sandbox, as it is in the cluster.</summary>
    private async Task<Result<JsonObject>> FindOrMakeAsync(StartOrder order, CancellationToken cancellationToken)
    {
        var sandbox = order.Sandbox;

        // An earlier attempt may have made it, also in an earlier life of this process, when templates and rules were others: what they
        // are now makes no second choice. The API is asked only where the watch has told of something, so a first start costs no call.
        if (view.Find(sandbox.Incarnation) is not null && await api.FindSandboxAsync(sandbox.Incarnation, cancellationToken) is { } found)
        {
            return found;
        }

        if (!choice.Of(sandbox.Spec).TryGet(out var source, out var wrong))
        {
            return wrong;
        }

        var manifest = manifests.Sandbox(sandbox, source, order.RegistryPassword);
        await _hooks.StepAsync(sandbox, "creating", cancellationToken);
        if (manifests.Secret(sandbox, source, order.RegistryPassword) is { } secret)
        {
            await api.EnsureSecretAsync(secret, cancellationToken);
        }

        return await api.EnsureSandboxAsync(sandbox.Incarnation, manifest, cancellationToken);
    }

    private FoundSandbox Found(SandboxFacts facts)
    {
        var end = SandboxFacts.EndOf(facts, options.Value);
        var runs = end is null
            && (facts.Batch?.Pool is null ? facts.Pod?.Facts.Stage is PodStage.Running : facts.Batch.Endpoints.Count > 0);
        return new FoundSandbox(facts.Incarnation, facts.Sandbox, runs, end ?? (runs ? null : facts.Pod?.Facts.Reason ?? "it has no pod"));
    }
}
