using Sandbox.Rollout.Audit;

namespace Sandbox.Rollout.Webhooks;

/// <summary>Where webhooks and the messages to them are kept. The audit log is what is told: an entry is in it in the transaction of
/// what it says, and each webhook has a mark of how far it was made into messages, so that none is lost with a process.</summary>
public interface IWebhookStore
{
    /// <summary>All, the oldest first, without their secrets.</summary>
    Task<IReadOnlyList<Webhook>> WebhooksAsync(CancellationToken cancellationToken);

    /// <summary>Adds a webhook, which is told everything from then on.</summary>
    /// <param name="secret">Kept encrypted.</param>
    Task AddAsync(Webhook webhook, string secret, AuditEvent what, CancellationToken cancellationToken);

    /// <summary>Takes a webhook out, and all messages to it.</summary>
    Task<bool> TryRemoveAsync(Guid id, AuditEvent what, CancellationToken cancellationToken);

    /// <summary>Null: there is none, or it was encrypted under a secret that this process does not have.</summary>
    Task<string?> SecretAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Makes entries of the audit log into messages to one webhook: those behind its mark, at most <paramref name="limit"/>, and
    /// moves the mark, in one transaction. Forgets messages that ended before <paramref name="forget"/>.</summary>
    /// <returns>How many entries were passed.</returns>
    Task<int> QueueAsync(Webhook webhook, int limit, DateTimeOffset now, DateTimeOffset forget, CancellationToken cancellationToken);

    /// <summary>Takes messages that are due, each for one process, with one attempt more.</summary>
    /// <param name="until">When they are due again if nobody writes how they went.</param>
    Task<IReadOnlyList<WebhookDelivery>> ClaimAsync(
        DateTimeOffset now, DateTimeOffset until, int limit, CancellationToken cancellationToken);

    /// <summary>Writes how an attempt went, unless another has begun meanwhile.</summary>
    Task<bool> TryWriteAsync(WebhookDelivery tried, CancellationToken cancellationToken);

    /// <summary>The newest messages to a webhook, the newest first.</summary>
    Task<IReadOnlyList<WebhookDelivery>> DeliveriesAsync(Guid webhook, int limit, CancellationToken cancellationToken);
}
