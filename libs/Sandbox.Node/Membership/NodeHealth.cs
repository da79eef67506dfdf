using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Membership;

/// <summary>Whether this node can run sandboxes now, and which images it has: asked beside the heartbeat, which an engine that
/// hangs must not delay.</summary>
internal sealed partial class NodeHealth(
    DeploymentSet deployments, TimeProvider time, ILogger<NodeHealth> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AskFor = TimeSpan.FromSeconds(5);
    /// <summary>More would make each claim heavy; a start is only preferred by this, never refused.</summary>
    private const int MostImages = 200;

    private static readonly TimeSpan ImagesEvery = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _unavailable = "it has just started";
    private volatile IReadOnlyCollection<string> _images = [];
    private long? _listed;

    /// <summary>Null: it can.</summary>
    public string? Unavailable => _unavailable;

    public IReadOnlyCollection<string> Images => _images;

    /// <summary>Completes when it was asked for the first time, whatever the answer.</summary>
    public Task FirstLook => _first.Task;

    /// <inheritdoc cref="DeploymentSet.Kinds"/>
    public IReadOnlyList<DeploymentKind> Kinds => deployments.Kinds;

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        string? reason = null;
        foreach (var kind in Kinds.Where(kind => kind is not DeploymentKind.Remote))
        {
            reason = await AskAsync(deployments[kind], cancellationToken);
            if (reason is null)
            {
                break;
            }
        }

        _unavailable = reason;
        if (reason is null && Kinds.Contains(DeploymentKind.Docker) && (_listed is not { } at || time.GetElapsedTime(at) > ImagesEvery))
        {
            _images = [.. (await deployments[DeploymentKind.Docker].ImagesAsync(cancellationToken)).Take(MostImages)];
            _listed = time.GetTimestamp();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.LookFailed(logger, exception);
            }

            _first.TrySetResult();
        }
        while (await ticks.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<string?> AskAsync(IDeployment deployment, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(AskFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return (await deployment.CheckAvailabilityAsync(either.Token)) switch
            {
                null => null,
                SandboxError.DockerUnavailable docker => docker.Reason,
                SandboxError.NoCapacity full => full.Reason,
                { } error => error.Text,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {AskFor.TotalSeconds:0} s";
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4301, LogLevel.Warning, "What this node can run could not be asked; again in a moment")]
        public static partial void LookFailed(ILogger logger, Exception exception);
    }
}
