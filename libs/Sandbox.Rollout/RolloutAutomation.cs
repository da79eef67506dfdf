using Microsoft.Extensions.Logging;
using Sandbox.Rollout.Bulk;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Schedules;
using Sandbox.Rollout.Webhooks;

namespace Sandbox.Rollout;

/// <summary>What of rollouts goes on without a person at a terminal: schedules, deployments that wait, and webhooks. Any number of
/// processes over one store may run it.</summary>
public sealed partial class RolloutAutomation : IDisposable
{
    /// <summary>How often it looks for what is due.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly Dictionary<Guid, Task> _advancing = [];
    private readonly Scheduler _scheduler;
    private readonly IWebhookStore _webhooks;
    private readonly WebhookSender _sender;
    private readonly WebhookDispatcher _dispatcher;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public RolloutAutomation(
        RolloutEngine engine, IRunStarter starter, RolloutHistoryStores stores, WebhookOptions options, TimeProvider time,
        ILogger<RolloutAutomation> logger)
    {
        (_time, _logger) = (time, logger);
        var (deployments, schedules, webhooks) = stores;
        var bundles = new BundleFolder(engine.State);
        var runners = new RunnerFactory(engine, bundles, time);
        (Records, _webhooks) = (deployments, webhooks);
        History = new DeploymentLog(deployments, engine.Store, bundles, engine.State, engine.Planner.Settings, time);
        Deployments = new DeploymentRunner(History, deployments, engine.Store, engine.Desk, runners, starter, time);
        Rollbacks = new RollbackPlanner(deployments, time);
        Bundles = bundles;
        Bulk = new BulkRunner(runners, starter, engine.Store);
        Schedules = new ScheduleRegistry(schedules, time);
        Webhooks = new WebhookRegistry(webhooks, options, time);
        _scheduler = new Scheduler(schedules, deployments, time);
        _sender = new WebhookSender(options, time);
        _dispatcher = new WebhookDispatcher(webhooks, _sender, time);
    }

    /// <summary>The history.</summary>
    public IDeploymentStore Records { get; }

    /// <summary>Writes into the history.</summary>
    public DeploymentLog History { get; }

    public DeploymentRunner Deployments { get; }

    public RollbackPlanner Rollbacks { get; }

    public BundleFolder Bundles { get; }

    public BulkRunner Bulk { get; }

    public ScheduleRegistry Schedules { get; }

    public WebhookRegistry Webhooks { get; }

    /// <summary>What became of the newest messages to a webhook, the newest first.</summary>
    public Task<IReadOnlyList<WebhookDelivery>> DeliveriesAsync(Guid webhook, int limit, CancellationToken cancellationToken) =>
        _webhooks.DeliveriesAsync(webhook, limit, cancellationToken);

    /// <summary>Runs until it is told to end. Runs of checkpoints outlive it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Webhooks that do not answer keep no schedule waiting.
        await Task.WhenAll(
            EveryAsync("schedules and deployments", TickAsync, cancellationToken),
            EveryAsync("webhooks", _dispatcher.DispatchAsync, cancellationToken));
        await Task.WhenAll(_advancing.Values);
    }

    public void Dispose() => _sender.Dispose();

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        await _scheduler.TickAsync(cancellationToken);
        foreach (var ended in _advancing.Where(one => one.Value.IsCompleted).Select(one => one.Key).ToList())
        {
            _advancing.Remove(ended);
        }

        foreach (var active in await Records.ActiveAsync(cancellationToken))
        {
            if (!_advancing.ContainsKey(active.Id))
            {
                _advancing[active.Id] = TryAsync(
                    "deployment", token => Deployments.AdvanceAsync(active.Id, token), cancellationToken);
            }
        }
    }

    private async Task EveryAsync(string what, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookEvery, _time);
        try
        {
            do
            {
                await TryAsync(what, work, cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // It was told to end.
        }
    }

    /// <summary>What fails now may go well at the next look.</summary>
    private async Task TryAsync(string what, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It was told to end.
        }
        catch (Exception exception)
        {
            Log.Failed(_logger, what, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(7301, LogLevel.Error, "The look for {What} of rollouts failed; it is tried again")]
        public static partial void Failed(ILogger logger, string what, Exception exception);
    }
}
