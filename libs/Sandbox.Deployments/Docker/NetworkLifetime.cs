using Sandbox.Contracts.Ids;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Docker;

/// <summary>Makes the networks of sandboxes when the engine is found, and removes those that no sandbox is in when the process has
/// ended everything else.</summary>
internal sealed partial class NetworkLifetime(SandboxNetworks networks, TimeProvider time, ILogger<NetworkLifetime> logger)
    : IContainerWatch, IHostedLifecycleService
{
    /// <summary>A process that ends does not wait longer for the engine.</summary>
    private static readonly TimeSpan RemoveWithin = TimeSpan.FromSeconds(10);

    public Task EngineBackAsync(CancellationToken cancellationToken) => networks.PrepareAsync(cancellationToken);

    public Task EngineLostAsync(string reason, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ContainerEndedAsync(IncarnationId incarnation, SandboxId sandbox, string reason, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    public Task ContainerRemovedAsync(IncarnationId incarnation, SandboxId sandbox, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(RemoveWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            await networks.RemoveUnusedAsync(either.Token);
        }
        catch (Exception exception) when (exception is EngineException or OperationCanceledException)
        {
            // The next process of this node finds them by their labels.
            Log.Left(logger, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3027, LogLevel.Warning, "Networks without sandboxes were left behind: {Reason}")]
        public static partial void Left(ILogger logger, string reason);
    }
}
