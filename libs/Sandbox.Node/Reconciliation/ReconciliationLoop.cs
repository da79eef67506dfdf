using Sandbox.Node.Agents;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Reconciliation;

/// <summary>Runs the regular reconciliation of this node, while it is one. A round that fails is logged, and the next one comes.</summary>
internal sealed partial class ReconciliationLoop(
    Reconciler reconciler, ExpectedSandboxes expectations, INodeLease lease, ReconciliationTrigger trigger, AgentLinks links,
    TimeProvider time, ILogger<ReconciliationLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(ReconcileAsync(stoppingToken), ListenAsync(stoppingToken));

    private async Task ReconcileAsync(CancellationToken stoppingToken)
    {
        LeaseToken? under = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            var token = await lease.WhenHeldAsync(stoppingToken);
            if (token != under)
            {
                expectations.ReadAllNext();
                under = token;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, token.Ended);
            await TryAsync(reconciler.RunAsync, either.Token);
            await trigger.WaitAsync(Every, time, stoppingToken);
        }
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in links.Lost.ReadAllAsync(stoppingToken))
        {
            trigger.Wake();
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> round, CancellationToken cancellationToken)
    {
        try
        {
            await round(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process ends, or the node may not act any more.
        }
        catch (Exception exception)
        {
            Log.RoundFailed(logger, Every, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4251, LogLevel.Error, "A round of reconciliation failed, the next one comes within {Every}")]
        public static partial void RoundFailed(ILogger logger, TimeSpan every, Exception exception);
    }
}
