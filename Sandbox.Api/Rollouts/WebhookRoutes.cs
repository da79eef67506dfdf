using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Auth;
using Sandbox.Api.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Webhooks;

namespace Sandbox.Api.Rollouts;

/// <summary>Webhooks: addresses that are told what happens.</summary>
internal static class WebhookRoutes
{
    private const int MostDeliveries = 100;

    /// <param name="run">Who may be told everything for good, and where, is no reader's to say.</param>
    public static void Map(IEndpointRouteBuilder run)
    {
        run.MapGet("/webhooks", ListAsync).WithSummary("Webhooks, the oldest first, without their secrets");
        run.MapPost("/webhooks", AddAsync).WithSummary("Adds a webhook; its secret is in this answer and nowhere else");
        run.MapDelete("/webhooks/{id}", RemoveAsync).WithSummary("Takes a webhook out, with the messages that it was not sent yet");
        run.MapGet("/webhooks/{id}/deliveries", DeliveriesAsync)
            .WithSummary("The newest 100 messages to a webhook, and what became of them");
    }

    private static async Task<JsonOk<IReadOnlyList<WebhookResult>>> ListAsync(
        RolloutAccess rollout, CancellationToken cancellationToken) =>
        new([.. (await rollout.Automation.Webhooks.ListAsync(cancellationToken)).Select(ResultOf)]);

    private static async Task<Results<JsonCreated<WebhookResult>, RolloutProblemResult, ProblemResult>> AddAsync(
        JsonBody<WebhookRequest> body, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        try
        {
            var (webhook, secret) = await rollout.Automation.Webhooks.AddAsync(
                body.Value.Url ?? "", body.Value.Events ?? ["*"], caller.Value.Name, cancellationToken);
            return new JsonCreated<WebhookResult>(ResultOf(webhook) with { Secret = secret }) { IsSecret = true };
        }
        catch (WebhookException exception)
        {
            return RolloutProblemResult.BadRequest(exception.Message);
        }
    }

    private static async Task<Results<NoContent, RolloutProblemResult>> RemoveAsync(
        string id, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var known)
        && await rollout.Automation.Webhooks.RemoveAsync(known, caller.Value.Name, cancellationToken)
            ? TypedResults.NoContent()
            : RolloutProblemResult.NotFound("There is no such webhook.");

    private static async Task<JsonOk<IReadOnlyList<WebhookDeliveryResult>>> DeliveriesAsync(
        string id, RolloutAccess rollout, CancellationToken cancellationToken)
    {
        var found = Guid.TryParse(id, out var known)
            ? await rollout.Automation.DeliveriesAsync(known, MostDeliveries, cancellationToken)
            : [];
        return new JsonOk<IReadOnlyList<WebhookDeliveryResult>>(
        [
            .. found.Select(delivery => new WebhookDeliveryResult(
                delivery.Id, delivery.Type, StatusWord.Of(delivery.State), delivery.Attempts)
            {
                NextAt = delivery.NextAt,
                LastStatus = delivery.LastStatus,
                LastError = delivery.LastError,
            }),
        ]);
    }

    private static WebhookResult ResultOf(Webhook webhook) => new(webhook.Id, webhook.Url.AbsoluteUri, webhook.Events);
}
