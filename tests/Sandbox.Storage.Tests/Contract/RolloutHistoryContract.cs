using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Schedules;
using Sandbox.Rollout.Webhooks;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of deployments, schedules and webhooks promises.</summary>
public abstract class RolloutHistoryContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    // With more digits than a database keeps.
    private static readonly DateTimeOffset Now = new DateTimeOffset(2030, 1, 1, 0, 0, 0, 123, TimeSpan.Zero).AddTicks(4567);

    [Fact]
    public async Task Deployments_PageByPage_AreEachThereOnceNewestFirst()
    {
        // Some begin at one moment.
        var begun = Enumerable.Range(0, 7).Select(i => Begun(Now.AddSeconds(i / 2)) with { StartedBy = i < 5 ? "ann" : "bob" }).ToList();
        foreach (var deployment in begun)
        {
            await WriteAsync(deployment);
        }

        var (pages, filter) = (new List<Deployment>(), new DeploymentFilter { Limit = 2 });
        while (true)
        {
            var page = await History.Deployments.PageAsync(filter, CancellationToken);
            Assert.InRange(page.Items.Count, 1, 2);
            pages.AddRange(page.Items);
            if (page.Next is null)
            {
                break;
            }

            filter = filter with { After = DeploymentCursor.Parse(page.Next.ToString()) };
        }

        Assert.Equal(begun.Select(one => one.Id).Order(), pages.Select(one => one.Id).Order());
        Assert.Equal(pages.OrderByDescending(one => one.StartedAt).Select(one => one.StartedAt), pages.Select(one => one.StartedAt));
        Assert.Equal(2, await CountAsync(new DeploymentFilter { StartedBy = "bob" }));
        Assert.Equal(3, await CountAsync(new DeploymentFilter { Since = Now.AddSeconds(2) }));
        Assert.Equal(4, await CountAsync(new DeploymentFilter { Until = Now.AddSeconds(2) }));
        Assert.Equal(0, await CountAsync(new DeploymentFilter { State = DeploymentState.Failed }));
        Assert.Equal(0, await CountAsync(new DeploymentFilter { IsWhole = false }));
        Assert.Equal(7, await CountAsync(new DeploymentFilter { IsWhole = true }));
        Assert.Equal(0, await CountAsync(new DeploymentFilter { Schedule = Guid.NewGuid() }));
    }

    [Fact]
    public async Task Deployment_WrittenOverAnotherVersion_IsNotWritten()
    {
        var begun = Begun(Now);
        await WriteAsync(begun);
        var failed = begun.With(begun.Steps[0] with { State = StepState.Failed, Error = "no" });
        Assert.True(await History.Deployments.TryWriteAsync(failed, what: null, CancellationToken), "the next version was to be written");

        Assert.False(
            await History.Deployments.TryWriteAsync(begun.Cancelled(), Event("deployment.cancelled"), CancellationToken),
            "another version from the same one was not to be written");

        var found = (await History.Deployments.FindAsync(begun.Id, CancellationToken))!;
        Assert.Equal((DeploymentState.Failed, "no", Now), (found.State, found.Steps[0].Error, found.StartedAt));
        Assert.Empty(await History.Deployments.ActiveAsync(CancellationToken));
        Assert.DoesNotContain(
            "deployment.cancelled", (await Rollouts.AuditAsync(0, 100, CancellationToken)).Select(entry => entry.Action));
    }

    [Fact]
    public async Task Schedule_ClaimedByManyAtOnce_IsClaimedOnce()
    {
        var schedule = new Schedule(Guid.NewGuid(), "nightly", "0 3 * * *", "UTC", "ann", Now) { NextAt = Now };
        Assert.True(await History.Schedules.TryWriteAsync(schedule, Event("schedule.added"), CancellationToken), "it was to be added");
        Assert.False(
            await History.Schedules.TryWriteAsync(schedule with { Id = Guid.NewGuid() }, Event("schedule.added"), CancellationToken),
            "two schedules were not to have one name");
        Assert.Empty(await History.Schedules.DueAsync(Now.AddSeconds(-1), CancellationToken));
        Assert.Single(await History.Schedules.DueAsync(Now, CancellationToken));

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => History.Schedules.TryClaimAsync(
            schedule with { NextAt = Now.AddDays(1), Version = 1 }, Begun(Now), [Event("schedule.due"), Event("deployment.started")],
            CancellationToken))));

        Assert.Single(claims, isOurs => isOurs);
        Assert.Single(await History.Deployments.ActiveAsync(CancellationToken));
        Assert.Empty(await History.Schedules.DueAsync(Now, CancellationToken));
        var entries = await Rollouts.AuditAsync(0, 100, CancellationToken);
        Assert.Equal(["schedule.added", "schedule.due", "deployment.started"], entries.Select(entry => entry.Action));
        Assert.Null(AuditChain.Verify(entries));
        Assert.True(await History.Schedules.TryRemoveAsync(schedule.Id, Event("schedule.removed"), CancellationToken), "it was there");
        Assert.Empty(await History.Schedules.SchedulesAsync(CancellationToken));
    }

    [Fact]
    public async Task Webhook_OfManyDispatchers_GetsEachEntryAsOneMessageAndEachMessageToOneOfThem()
    {
        var webhook = new Webhook(Guid.NewGuid(), new Uri("https://example.com/hook"), ["wanted.*"], "ann", Now);
        await Rollouts.ResetAsync(Event("wanted.before"), CancellationToken);
        await History.Webhooks.AddAsync(webhook, "whsec_AAAA", Event("webhook.added"), CancellationToken);
        for (var i = 0; i < 5; i++)
        {
            await Rollouts.ResetAsync(Event("wanted.event"), CancellationToken);
            await Rollouts.ResetAsync(Event("other.event"), CancellationToken);
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (await History.Webhooks.QueueAsync(webhook, limit: 3, Now, Now, CancellationToken) > 0)
            {
                // There may be more.
            }
        })));
        var claimed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            History.Webhooks.ClaimAsync(Now, Now.AddMinutes(5), limit: 10, CancellationToken))));

        var messages = claimed.SelectMany(some => some).ToList();
        Assert.Equal(5, messages.Count);
        Assert.Equal(5, messages.Select(message => message.Id).Distinct().Count());
        Assert.All(messages, message => Assert.Equal(("wanted.event", 1), (message.Type, message.Attempts)));
        Assert.True(
            await History.Webhooks.TryWriteAsync(
                messages[0] with { State = DeliveryState.Delivered, NextAt = null, EndedAt = Now }, CancellationToken),
            "the result of a try was to be written");
        Assert.Equal(4, (await History.Webhooks.ClaimAsync(Now.AddMinutes(5), Now.AddHours(1), 10, CancellationToken)).Count);
        Assert.Equal("whsec_AAAA", await History.Webhooks.SecretAsync(webhook.Id, CancellationToken));
        Assert.Equal(5, (await History.Webhooks.DeliveriesAsync(webhook.Id, 10, CancellationToken)).Count);
        await ExecuteAsync("UPDATE rollout_webhooks SET secret = 'enc1:00000000:AAAA'");
        Assert.Null(await History.Webhooks.SecretAsync(webhook.Id, CancellationToken));
        Assert.True(await History.Webhooks.TryRemoveAsync(webhook.Id, Event("webhook.removed"), CancellationToken), "it was there");
        Assert.Equal(0, await base.CountAsync("rollout_deliveries"));
    }

    private static Deployment Begun(DateTimeOffset at) =>
        new(Guid.NewGuid(), "ann", at) { Steps = Deployment.WholeFrom(CheckpointCatalog.All[0]) };

    private static AuditEvent Event(string action) => new(Now, "ann", action, "subject");

    private async Task WriteAsync(Deployment begun) => Assert.True(
        await History.Deployments.TryWriteAsync(begun, Event("deployment.started"), CancellationToken),
        "a new deployment was to be written");

    private async Task<int> CountAsync(DeploymentFilter filter) =>
        (await History.Deployments.PageAsync(filter, CancellationToken)).Items.Count;
}
