using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
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

    /// <summary>Why it does not run (any more); null: it runs, or is on its way.</summary>
    public static string? EndOf(SandboxFacts? facts, KubernetesOptions options) => facts switch
    {
        { Batch.Deleting: true } => "its batch sandbox is being deleted",
        { Pod.Facts: { Stage: PodStage.Ended } pod } => pod.Reason,
        { Pod: null } when options.IsPodMode => "its pod was removed",
        { Batch: null } when !options.IsPodMode => "its batch sandbox was removed",
        null => "its pod was removed",
        _ => null,
    };

    public Task<SandboxError?> CheckAvailabilityAsync(CancellationToken cancellationToken) => Task.FromResult<SandboxError?>(
        view.Silence is { } reason ? new SandboxError.NoCapacity($"the Kubernetes API does not answer: {reason}") : null);

    public async Task<Result<StartedSandbox>> EnsureStartedAsync(
        StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        if (!choice.Complete(order.Sandbox.Spec).TryGet(out var spec, out var wrong))
        {
            return new SandboxError.StartFailed(order.Sandbox.Id, SandboxPhase.DockerRun, wrong.Text);
        }

        var sandbox = order.Sandbox with { Spec = spec };
        try
        {
            var manifest = manifests.Sandbox(sandbox, order.RegistryPassword);
            await _hooks.StepAsync(sandbox, "creating", cancellationToken);
            if (manifests.Secret(sandbox, order.RegistryPassword) is { } secret)
            {
                await api.EnsureSecretAsync(secret, cancellationToken);
            }

            await api.EnsureSandboxAsync(manifest, cancellationToken);
            await _hooks.StepAsync(sandbox, "starting", cancellationToken);
            return await new PodStart(sandbox, view, phases, options.Value, time).WaitAsync(cancellationToken) is { } failure
                ? failure
                : new StartedSandbox(SandboxManifests.LimitsDisk(manifest) ? sandbox.Spec.DiskBytes : null);
        }
        catch (Exception exception) when (exception is TemplateException or ClusterException)
        {
            return new SandboxError.StartFailed(sandbox.Id, SandboxPhase.DockerRun, exception.Message);
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
            if (EndOf(view.Find(incarnation), options.Value) is { } reason)
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

    public void AddHook(IDeploymentHook hook) => _hooks.Add(hook);

    private FoundSandbox Found(SandboxFacts facts)
    {
        var end = EndOf(facts, options.Value);
        var runs = end is null
            && (facts.Batch?.Pool is null ? facts.Pod?.Facts.Stage is PodStage.Running : facts.Batch.Endpoints.Count > 0);
        return new FoundSandbox(facts.Incarnation, facts.Sandbox, runs, end ?? (runs ? null : facts.Pod?.Facts.Reason ?? "it has no pod"));
    }
}
