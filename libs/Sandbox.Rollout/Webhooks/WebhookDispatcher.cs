namespace Sandbox.Rollout.Webhooks;

/// <summary>Makes what happened into messages and sends those that are due. A message that is refused is sent again, each time after a
/// longer while, and is given up after about a day.</summary>
public sealed class WebhookDispatcher(IWebhookStore store, WebhookSender sender, TimeProvider time)
{
    /// <summary>After each attempt that failed; after one more it is given up.</summary>
    public static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
    ];

    /// <summary>How long ended messages can be looked at.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    /// <summary>More than the requests of one attempt take.</summary>
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromMinutes(5);

    private const int EntriesAtOnce = 500;

    private const int MessagesAtOnce = 16;

    /// <summary>Sends all that is due now.</summary>
    public async Task DispatchAsync(CancellationToken cancellationToken)
    {
        var webhooks = await store.WebhooksAsync(cancellationToken);
        foreach (var webhook in webhooks)
        {
            var now = time.GetUtcNow();
            while (await store.QueueAsync(webhook, EntriesAtOnce, now, now - KeptFor, cancellationToken) == EntriesAtOnce)
            {
                // There are more.
            }
        }

        var known = webhooks.ToDictionary(webhook => webhook.Id);
        while (true)
        {
            var now = time.GetUtcNow();
            var due = await store.ClaimAsync(now, now + AttemptLimit, MessagesAtOnce, cancellationToken);
            if (due.Count == 0)
            {
                return;
            }

            // One that was taken out or added a moment ago is for the next look.
            await Task.WhenAll(due.Where(delivery => known.ContainsKey(delivery.Webhook))
                .Select(delivery => SendAsync(delivery, known[delivery.Webhook], cancellationToken)));
        }
    }

    private async Task SendAsync(WebhookDelivery delivery, Webhook webhook, CancellationToken cancellationToken)
    {
        var answer = await store.SecretAsync(webhook.Id, cancellationToken) is { } secret
            ? await sender.SendAsync(delivery, webhook.Url, secret, cancellationToken)
            : new WebhookAnswer(Status: null, "its secret was encrypted under another secret than this process has; add the webhook again");
        var now = time.GetUtcNow();
        var tried = delivery with { LastStatus = answer.Status, LastError = answer.Error };
        await store.TryWriteAsync(
            answer.Error is null ? tried with { State = DeliveryState.Delivered, NextAt = null, EndedAt = now }
                : delivery.Attempts > Pauses.Length ? tried with { State = DeliveryState.Failed, NextAt = null, EndedAt = now }
                : tried with { NextAt = now + Pauses[delivery.Attempts - 1] },
            cancellationToken);
    }
}
