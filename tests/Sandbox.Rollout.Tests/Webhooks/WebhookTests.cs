using System.Text;
using System.Text.Json;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Webhooks;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Webhooks;

public sealed class WebhookTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TempFolder _folder = new();
    private readonly WatchedTime _time = new(Start);
    private RolloutStoreSet _stores;

    public WebhookTests() => _stores = Open();

    public void Dispose()
    {
        _stores.Dispose();
        _folder.Dispose();
    }

    /// <summary>The example that the libraries of Standard Webhooks are tested with.</summary>
    [Fact]
    public void Signature_OfTheStandardsExample_IsTheStandards() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookSignature.Of(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}"));

    [Fact]
    [Trait("Row", "28")]
    public async Task Webhook_OfAnEvent_IsToldItOnceAndSigned()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await LogAsync("approval.requested", "before it was added");
        var (webhook, secret) = await AddAsync(receiver, "approval.*");
        await LogAsync("approval.requested", "request");
        await LogAsync("execution.started", "run");

        await DispatchAsync();
        await DispatchAsync();

        var received = Assert.Single(receiver.Received);
        Assert.Equal(WebhookSignature.Of(secret, received.Id, Start.ToUnixTimeSeconds(), received.Body), received.Signature);
        Assert.Equal(Start.ToUnixTimeSeconds().ToString(), received.Timestamp);
        using var message = JsonDocument.Parse(received.Body);
        Assert.Equal("approval.requested", message.RootElement.GetProperty("type").GetString());
        Assert.Equal("request", message.RootElement.GetProperty("data").GetProperty("subject").GetString());
        var delivery = Assert.Single(await _stores.Webhooks.DeliveriesAsync(webhook.Id, 10, default));
        Assert.Equal((DeliveryState.Delivered, 1, 204), (delivery.State, delivery.Attempts, delivery.LastStatus));
    }

    [Fact]
    public async Task Receiver_ThatIsBroken_IsAskedAgainAfterLongerPausesWithTheSameMessage()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answers.Enqueue(500);
        receiver.Answers.Enqueue(503);
        await AddAsync(receiver, "*");
        await LogAsync("execution.started", "run");

        var dispatched = DispatchAsync();
        await _time.PassAsync(TimeSpan.FromSeconds(2));
        await _time.PassAsync(TimeSpan.FromSeconds(4));
        await dispatched;

        Assert.Equal(3, receiver.Received.Count);
        Assert.Single(receiver.Received.Select(message => (message.Id, message.Body)).Distinct());
        Assert.Equal(
            [0, 2, 6], receiver.Received.Select(message => long.Parse(message.Timestamp) - Start.ToUnixTimeSeconds()));
    }

    [Fact]
    public async Task Receiver_ThatRefuses_IsAskedForADayAndThenNoMore()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var (webhook, _) = await AddAsync(receiver, "*");
        await LogAsync("execution.started", "run");
        for (var attempt = 0; attempt <= WebhookDispatcher.Pauses.Length; attempt++)
        {
            receiver.Answers.Enqueue(404);
            await DispatchAsync();
            await DispatchAsync();
            _time.Advance(attempt < WebhookDispatcher.Pauses.Length ? WebhookDispatcher.Pauses[attempt] : TimeSpan.FromDays(2));
        }

        await DispatchAsync();

        Assert.Equal(WebhookDispatcher.Pauses.Length + 1, receiver.Received.Count);
        var delivery = Assert.Single(await _stores.Webhooks.DeliveriesAsync(webhook.Id, 10, default));
        Assert.Equal(
            (DeliveryState.Failed, 404, "the receiver answered 404"), (delivery.State, delivery.LastStatus, delivery.LastError));
    }

    [Fact]
    public async Task Message_WhoseProcessDiedOverIt_IsSentByTheNextProcessWithTheSameId()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var (webhook, _) = await AddAsync(receiver, "*");
        await LogAsync("execution.started", "run");
        Assert.Equal(1, await _stores.Webhooks.QueueAsync(webhook, 100, Start, Start, default));
        var claimed = Assert.Single(await _stores.Webhooks.ClaimAsync(Start, Start.AddMinutes(5), 10, default));
        _stores.Dispose();
        _stores = Open();

        await DispatchAsync();
        Assert.Empty(receiver.Received);
        _time.Advance(TimeSpan.FromMinutes(5));
        await DispatchAsync();

        Assert.Equal(claimed.Id, Assert.Single(receiver.Received).Id);
        Assert.False(
            await _stores.Webhooks.TryWriteAsync(claimed with { State = DeliveryState.Failed }, default),
            "the process that was given up was not to write over the next one's result");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("0x7f.1")]
    public async Task Webhook_AtAPrivateAddress_ReceivesNothing(string host)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        using var sender = new WebhookSender(new WebhookOptions(), _time);
        var entry = AuditChain.Next(null, Start, "ann", "execution.started", "run", "{}");
        var url = new Uri(receiver.Url.Replace("127.0.0.1", host, StringComparison.Ordinal));
        var webhook = new Webhook(Guid.NewGuid(), url, ["*"], "ann", Start);

        var sent = sender.SendAsync(WebhookDelivery.Of(webhook, entry, Start), webhook.Url, WebhookSignature.NewSecret(), default);
        await _time.PassAsync(TimeSpan.FromSeconds(2));
        await _time.PassAsync(TimeSpan.FromSeconds(4));

        Assert.EndsWith("is not a public host.", (await sent).Error, StringComparison.Ordinal);
        Assert.Empty(receiver.Received);
    }

    [Theory]
    [InlineData("http://example.com/", "execution.*", "must be an https URL")]
    [InlineData("https://user:word@example.com/", "execution.*", "without a user in it")]
    [InlineData("file:///etc/passwd", "execution.*", "must be an https URL")]
    [InlineData("hook", "execution.*", "must be an https URL")]
    [InlineData("https://example.com/", "", "Name 1 to")]
    [InlineData("https://example.com/", "execution", "Name 1 to")]
    public async Task Webhook_ThatCannotBe_IsRefusedAndSaysWhy(string url, string name, string expected)
    {
        var registry = new WebhookRegistry(_stores.Webhooks, new WebhookOptions(), _time);

        var refused = await Assert.ThrowsAsync<WebhookException>(() => registry.AddAsync(url, [name], "ann", default));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Empty(await registry.ListAsync(default));
    }

    [Fact]
    public async Task Secret_InTheDatabase_IsEncryptedAndBelongsToItsKey()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var (webhook, secret) = await AddAsync(receiver, "*");
        _stores.Dispose();
        foreach (var file in Directory.EnumerateFiles(_folder.Path))
        {
            var text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
            Assert.False(text.Contains(secret, StringComparison.Ordinal), $"{file} was not to have the secret");
        }

        _stores = Open();
        Assert.Equal(secret, await _stores.Webhooks.SecretAsync(webhook.Id, default));
        _stores.Dispose();
        File.Delete(_folder.File("records.key"));
        _stores = Open();
        Assert.Null(await _stores.Webhooks.SecretAsync(webhook.Id, default));
    }

    [Fact]
    public async Task Webhook_ThatIsTakenOut_IsToldNothingMore()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var (webhook, _) = await AddAsync(receiver, "*");
        await LogAsync("execution.started", "run");
        await _stores.Webhooks.QueueAsync(webhook, 100, Start, Start, default);
        var registry = new WebhookRegistry(_stores.Webhooks, new WebhookOptions { AllowPrivate = true }, _time);

        Assert.True(await registry.RemoveAsync(webhook.Id, "ann", default), "a webhook that is there was to be taken out");
        await DispatchAsync();

        Assert.Empty(receiver.Received);
        Assert.False(await registry.RemoveAsync(webhook.Id, "ann", default), "there was nothing more to take out");
    }

    private RolloutStoreSet Open() => RolloutStores.OpenAll(_folder.File("rollout.db"));

    private Task<(Webhook Webhook, string Secret)> AddAsync(WebhookReceiver receiver, string wanted) =>
        new WebhookRegistry(_stores.Webhooks, new WebhookOptions { AllowPrivate = true }, _time)
            .AddAsync(receiver.Url, [wanted], "ann", default);

    private Task LogAsync(string action, string subject) =>
        _stores.Rollouts.ResetAsync(new AuditEvent(_time.GetUtcNow(), "ann", action, subject), default);

    private async Task DispatchAsync()
    {
        using var sender = new WebhookSender(new WebhookOptions { AllowPrivate = true }, _time);
        await new WebhookDispatcher(_stores.Webhooks, sender, _time).DispatchAsync(default);
    }
}
