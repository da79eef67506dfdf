namespace Sandbox.Worker.Head;

/// <summary>Has the role decided once the server listens, and keeps a node that never is the head registered with the health
/// service.</summary>
internal sealed class StartupRoleService(
    StartupRoleDecision decision, HeadSettings settings, NodeRegistration registration, HealthClient health, NodeRole role,
    IHostApplicationLifetime lifetime, TimeProvider time) : BackgroundService
{
    /// <summary>A node that never is the head is heard of so often.</summary>
    private static readonly TimeSpan RegisterEvery = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource<bool> _made = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether this node may ever be the head; completes when it is decided. Not at all where the process ends instead.</summary>
    public Task<bool> MayStandAsync(CancellationToken cancellationToken) => _made.Task.WaitAsync(cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await StartedAsync(stoppingToken);
        if (await decision.DecideAsync(stoppingToken) is null)
        {
            return;
        }

        var mayStand = settings.Whitelist.PlaceOf(registration.Node, registration.HeadPort, out _) is not null;
        _made.TrySetResult(mayStand);
        using var ticks = new PeriodicTimer(RegisterEvery, time);
        while (!mayStand)
        {
            if ((await health.RegisterAsync(registration.Registration, stoppingToken)).Answer is { } answer)
            {
                role.Hear(answer);
            }

            await ticks.WaitForNextTickAsync(stoppingToken);
        }
    }

    /// <summary>Its own ports are known, and others can ask for its role, only once the server listens.</summary>
    private async Task StartedAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subscription = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
    }
}
