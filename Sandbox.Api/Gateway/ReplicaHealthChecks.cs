using System.Net;
using Microsoft.Extensions.Options;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Gateway;

/// <summary>Asks each replica again and again whether it lives, so that one that has died gets no request for long, also while nobody asks
/// for its model.</summary>
internal sealed class ReplicaHealthChecks(
    ModelTable models, ReplicaConnections connections, IOptions<GatewayOptions> options, TimeProvider time)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(options.Value.HealthInterval, time);
        var running = new Dictionary<(string? Tenant, string Model, string Replica), Task>();
        while (await ticks.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var ended in running.Where(check => check.Value.IsCompleted).Select(check => check.Key).ToList())
            {
                running.Remove(ended);
            }

            foreach (var route in models.All)
            {
                foreach (var replica in route.Model.Replicas)
                {
                    // One that does not answer is asked again when its time is over.
                    running.TryAdd(
                        (route.Model.Tenant, route.Model.Name, replica.Id), CheckAsync(route.Pool, replica, stoppingToken));
                }
            }
        }
    }

    private async Task CheckAsync(ReplicaPool pool, Replica replica, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.HealthLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, (Uri?)null);
            ReplicaConnections.Address(request, replica, "/health");
            using var answer = await connections.Invoker.SendAsync(request, either.Token);

            // What does not know this path, as Ollama, lives too; an engine that cannot answer requests says so by its status.
            pool.ReportHealth(
                replica.Id,
                answer.StatusCode < HttpStatusCode.InternalServerError ? RequestOutcome.Answered : RequestOutcome.Failed);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            pool.ReportHealth(
                replica.Id, ReplicaConnections.IsRefused(exception) ? RequestOutcome.Refused : RequestOutcome.Failed);
        }
        catch (OperationCanceledException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                pool.ReportHealth(replica.Id, RequestOutcome.Failed);
            }
        }
    }
}
