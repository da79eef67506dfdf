using System.Collections.Immutable;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Api.Auth;
using Sandbox.Cluster;
using Sandbox.Serving.OpenAi;
using Sandbox.Serving.Routing;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Gateway;

/// <summary>Sends a request for a model to one of its replicas, and to another one when that fails before the first byte of the
/// answer.</summary>
internal sealed partial class ModelForwarder(
    IModelCatalog catalog, ReplicaConnections connections, IHttpForwarder forwarder, ModelUsageCounter usage,
    ILogger<ModelForwarder> logger)
{
    /// <returns>Why no replica answered; null when one has, or the client has gone.</returns>
    public async Task<OpenAiError?> ForwardAsync(HttpContext http, ModelRequest request, RequestProgress progress)
    {
        var (model, pool) = request.Route;
        RequestCredentials.Remove(http.Request);
        var (failed, retried) = (ImmutableHashSet<string>.Empty, ImmutableHashSet<string>.Empty);
        catalog.Touch(model.Tenant, model.Name);
        try
        {
            while (true)
            {
                if (model.CanWake && pool.Outstanding.IsEmpty)
                {
                    await catalog.WakeAsync(model.Tenant, model.Name, http.RequestAborted);
                }

                var acquired = await pool.AcquireAsync(request.Affinity, failed, http.RequestAborted);
                if (acquired is not AcquireOutcome.Acquired { Lease: var lease })
                {
                    return OpenAiError.From(acquired);
                }

                var others = pool.Outstanding.Keys.Any(id => id != lease.Replica.Id && !failed.Contains(id));
                var outcome = await SendAsync(http, request, lease, progress, others);
                if (outcome is null)
                {
                    usage.Count(http.Features.GetRequiredFeature<Caller>(), model.Name, progress.Usage);
                    return null;
                }

                // A connection that was open from the request before may have been closed by the engine meanwhile: that says nothing.
                var again = outcome is RequestOutcome.Failed && !retried.Contains(lease.Replica.Id);
                (failed, retried) = again && !others
                    ? (failed, retried.Add(lease.Replica.Id))
                    : (failed.Add(lease.Replica.Id), retried);
                Log.Retried(logger, model.Name, lease.Replica.Id, outcome.Value);
            }
        }
        finally
        {
            catalog.Touch(model.Tenant, model.Name);
        }
    }

    /// <returns>Why another one is to be asked; null when the answer has begun, or the client has gone.</returns>
    private async Task<RequestOutcome?> SendAsync(
        HttpContext http, ModelRequest request, ReplicaLease lease, RequestProgress progress, bool mayDecline)
    {
        using (lease)
        {
            http.Request.Body = new MemoryStream(request.Body, writable: false);
            http.Request.ContentLength = request.Body.Length;
            var transformer = new ReplicaTransformer(lease.Replica, request.Route.Model.ApiKey, progress, mayDecline);
            var error = await forwarder.SendAsync(
                http, "http://replica/", connections.Invoker, Transfers.Forwarding, transformer, http.RequestAborted);
            if (http.RequestAborted.IsCancellationRequested && error is not ForwarderError.None)
            {
                return null;
            }

            var outcome = error is ForwarderError.None
                ? transformer.IsDeclined || progress.IsBroken || transformer.Status >= System.Net.HttpStatusCode.InternalServerError
                    ? RequestOutcome.Failed : RequestOutcome.Answered
                : ReplicaConnections.IsRefused(http.GetForwarderErrorFeature()?.Exception) ? RequestOutcome.Refused : RequestOutcome.Failed;
            lease.End(outcome);
            if (outcome is RequestOutcome.Answered || http.Response.HasStarted || (error is ForwarderError.None && !transformer.IsDeclined))
            {
                return null;
            }

            http.Response.Clear();
            http.Features.Set<IForwarderErrorFeature>(null);
            return outcome;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5902, LogLevel.Warning, "A request for {Model} failed at replica {Replica} before its answer began: {Outcome}")]
        public static partial void Retried(ILogger logger, string model, string replica, RequestOutcome outcome);
    }
}
