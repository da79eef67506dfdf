using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;

namespace Sandbox.Node.Deployments;

/// <summary>Whether this node can run a sandbox, and as what. Answers are kept for a moment, so that a burst of starts asks
/// the engine once.</summary>
internal sealed class Placement(DeploymentSet deployments, IOptions<WorkerOptions> options, TimeProvider time) : IPlacement, IDisposable
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AskFor = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _lock = new(1);
    private readonly Dictionary<DeploymentKind, Answer> _answers = [];

    public async Task<SandboxError?> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken) =>
        options.Value.Deployment switch
        {
            "docker" when spec.Deployment is DeploymentKind.Local =>
                new SandboxError.Forbidden("This server runs sandboxes with Docker only."),
            "local" when spec.Deployment is DeploymentKind.Docker =>
                new SandboxError.Forbidden("This server runs sandboxes as local processes only."),
            _ => await AskAsync(spec.Deployment, cancellationToken) ?? WhyTooFewGpus(spec),
        };

    public async Task<DeploymentKind> ChooseAsync(CancellationToken cancellationToken) => options.Value.Deployment switch
    {
        "docker" => DeploymentKind.Docker,
        "local" => DeploymentKind.Local,

        // An engine that is not as it has to be is no reason to do without.
        _ when options.Value.DemandsDocker => DeploymentKind.Docker,

        // Where neither can run, the answer to the start names Docker: it is what most people are missing.
        _ => await AskAsync(DeploymentKind.Docker, cancellationToken) is null
            || await AskAsync(DeploymentKind.Local, cancellationToken) is not null
            ? DeploymentKind.Docker
            : DeploymentKind.Local,
    };

    public void Dispose() => _lock.Dispose();

    /// <summary>What this machine will never have is told at once; what others have now is the start's to find out.</summary>
    private SandboxError.NoCapacity? WhyTooFewGpus(SandboxSpec spec) =>
        spec is { NumGpus: > 0 and var asked, Deployment: DeploymentKind.Docker or DeploymentKind.Local }
            && GpuDevices.Of(options.Value).Count is var all && all < asked
            ? new SandboxError.NoCapacity($"{asked:0.##} GPUs are asked for, and this machine has {all}")
            : null;

    private async Task<SandboxError?> AskAsync(DeploymentKind kind, CancellationToken cancellationToken)
    {
        await _lock.WaitAsync(cancellationToken);
        try
        {
            if (_answers.TryGetValue(kind, out var known) && time.GetElapsedTime(known.At) < KeepFor)
            {
                return known.Error;
            }

            var error = await ProbeAsync(deployments[kind], cancellationToken);
            _answers[kind] = new Answer(error, time.GetTimestamp());
            return error;
        }
        finally
        {
            _lock.Release();
        }
    }

    private async Task<SandboxError?> ProbeAsync(IDeployment deployment, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(AskFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await deployment.CheckAvailabilityAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var reason = $"no answer within {AskFor.TotalSeconds:0} s";
            return deployment.Kind is DeploymentKind.Docker
                ? new SandboxError.DockerUnavailable(reason) : new SandboxError.Forbidden(reason);
        }
    }

    private sealed record Answer(SandboxError? Error, long At);
}
