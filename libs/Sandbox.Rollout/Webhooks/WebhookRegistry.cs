using System.Text.RegularExpressions;
using Sandbox.Rollout.Audit;

namespace Sandbox.Rollout.Webhooks;

/// <summary>Adds and removes webhooks.</summary>
public sealed partial class WebhookRegistry(IWebhookStore store, WebhookOptions options, TimeProvider time)
{
    /// <summary>Most webhooks that there may be.</summary>
    public const int Most = 50;

    /// <summary>Longest address, in characters.</summary>
    public const int LongestUrl = 2000;

    /// <summary>Most events that one asks for.</summary>
    public const int MostEvents = 20;

    public Task<IReadOnlyList<Webhook>> ListAsync(CancellationToken cancellationToken) => store.WebhooksAsync(cancellationToken);

    /// <summary>Adds a webhook; it is told what happens from then on.</summary>
    /// <returns>With its secret, which is shown nowhere again.</returns>
    /// <exception cref="WebhookException">The address or an event is none, or there are too many.</exception>
    public async Task<(Webhook Webhook, string Secret)> AddAsync(
        string url, IReadOnlyList<string> events, string by, CancellationToken cancellationToken)
    {
        var address = AddressOf(url);
        if (events.Count is 0 or > MostEvents || events.FirstOrDefault(name => !EventName().IsMatch(name)) is not null)
        {
            throw new WebhookException(
                $"Name 1 to {MostEvents} events, as approval.requested or execution.*, or * for all; sandbox deploy audit shows them.");
        }

        if ((await store.WebhooksAsync(cancellationToken)).Count >= Most)
        {
            throw new WebhookException($"There are {Most} webhooks already, and no more are told.");
        }

        var now = time.GetUtcNow();
        var (webhook, secret) = (new Webhook(Guid.NewGuid(), address, [.. events.Distinct()], by, now), WebhookSignature.NewSecret());
        await store.AddAsync(webhook, secret, EventOf(webhook, by, "webhook.added", now), cancellationToken);
        return (webhook, secret);
    }

    /// <returns>False when there is none.</returns>
    public async Task<bool> RemoveAsync(Guid id, string by, CancellationToken cancellationToken) =>
        (await store.WebhooksAsync(cancellationToken)).FirstOrDefault(webhook => webhook.Id == id) is { } known
        && await store.TryRemoveAsync(id, EventOf(known, by, "webhook.removed", time.GetUtcNow()), cancellationToken);

    // Its path may be a secret of the receiver's.
    private static AuditEvent EventOf(Webhook webhook, string by, string action, DateTimeOffset at) => new(
        at, by, action, webhook.Id.ToString(),
        AuditEvent.DetailOf(("host", webhook.Url.Authority), ("events", string.Join(',', webhook.Events))));

    private Uri AddressOf(string url)
    {
        if (url.Length > LongestUrl || !Uri.TryCreate(url, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp)
            || address.UserInfo.Length > 0 || address.Fragment.Length > 0)
        {
            throw new WebhookException($"The address must be an https URL of at most {LongestUrl} characters, without a user in it.");
        }

        return options.AllowPrivate || address.Scheme == Uri.UriSchemeHttps
            ? address
            : throw new WebhookException("The address must be an https URL: what is sent says who did what.");
    }

    [GeneratedRegex(@"^(\*|[a-z]{1,32}\.(\*|[a-z_]{1,32}))$")]
    private static partial Regex EventName();
}
