using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Rollouts;

/// <summary>Schedules, webhooks, history and bulk runs over HTTP.</summary>
public sealed class RolloutAutomationTests
{
    [Fact]
    [Trait("Row", "28")]
    public async Task Schedules_AreAddedPausedAndTakenOut_ByWhoMayRun()
    {
        await using var server = await RolloutServer.StartAsync();
        const string nightly = """{"name":"nightly","cron":"0 3 * * *","time_zone":"Europe/Berlin"}""";
        await server.AskAsync(403, server.Reader, "/schedules", nightly);

        var added = await server.AskAsync(201, server.Runner, "/schedules", nightly);

        Assert.Equal("nightly", Text(added, "name"));
        Assert.True(added.GetProperty("next_at").GetDateTimeOffset() > DateTimeOffset.UnixEpoch, $"it was to be due: {added}");
        await server.AskAsync(400, server.Runner, "/schedules", nightly);
        await server.AskAsync(400, server.Runner, "/schedules", """{"name":"other","cron":"soon"}""");
        await server.AskAsync(404, server.Runner, "/schedules", """{"name":"other","cron":"0 3 * * *","checkpoint":"nope"}""");
        await server.AskAsync(404, server.Runner, "/schedules/other/pause", "{}");
        Assert.True((await server.AskAsync(200, server.Runner, "/schedules/nightly/pause", "{}")).GetProperty("is_paused").GetBoolean(),
            "it was to be paused");
        Assert.Equal(1, (await server.AskAsync(200, server.Reader, "/schedules")).GetArrayLength());
        Assert.Equal(204, await server.DeleteAsync("/schedules/nightly"));
        Assert.Equal(404, await server.DeleteAsync("/schedules/nightly"));
    }

    [Fact]
    [Trait("Row", "28")]
    public async Task Webhook_HasItsSecretInTheAnswerThatMakesItOnly()
    {
        await using var server = await RolloutServer.StartAsync();
        const string hook = """{"url":"https://example.com/hook","events":["approval.*"]}""";
        await server.AskAsync(403, server.Reader, "/webhooks", hook);

        var added = await server.AskAsync(201, server.Runner, "/webhooks", hook);

        Assert.StartsWith("whsec_", Text(added, "secret"), StringComparison.Ordinal);
        var listed = Assert.Single((await server.AskAsync(200, server.Runner, "/webhooks")).EnumerateArray());
        Assert.False(
            listed.TryGetProperty("secret", out var secret) && secret.ValueKind is not JsonValueKind.Null, "a list was to have no secret");
        await server.AskAsync(400, server.Runner, "/webhooks", """{"url":"http://127.0.0.1/hook"}""");
        Assert.Equal(0, (await server.AskAsync(200, server.Runner, $"/webhooks/{Text(added, "webhook_id")}/deliveries")).GetArrayLength());
        Assert.Equal(204, await server.DeleteAsync($"/webhooks/{Text(added, "webhook_id")}"));
        Assert.Equal(404, await server.DeleteAsync($"/webhooks/{Text(added, "webhook_id")}"));
    }

    [NeedsAnsibleFact]
    [Trait("Row", "28")]
    public async Task Schedule_ThatIsDue_IsRunByTheServerAndIsInTheHistory()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var server = await RolloutServer.StartAsync(time);
        await server.AskAsync(
            201, server.Runner, "/schedules", """{"name":"check","cron":"* * * * *","checkpoint":"prerequisites-check"}""");

        time.Advance(TimeSpan.FromMinutes(2));

        await server.SeeAsync("deployment.completed");
        var page = await server.AskAsync(200, server.Reader, "/deployments?status=completed&limit=1");
        var deployment = Assert.Single(page.GetProperty("deployments").EnumerateArray());
        var step = Assert.Single(deployment.GetProperty("checkpoints").EnumerateArray());
        Assert.Equal(("prerequisites-check", "COMPLETED"), (Text(step, "checkpoint"), Text(step, "status")));
        var run = await server.AskAsync(200, server.Reader, $"/executions/{Text(step, "execution_id")}");
        Assert.Equal("COMPLETED", Text(run, "status"));
        var schedule = Assert.Single((await server.AskAsync(200, server.Reader, "/schedules")).EnumerateArray());
        Assert.Equal(
            (Text(deployment, "deployment_id"), 1), (Text(schedule, "last_deployment_id"), schedule.GetProperty("missed").GetInt32()));
        await server.AskAsync(409, server.Runner, $"/deployments/{Text(deployment, "deployment_id")}/rollback", "{}");
        await server.AskAsync(409, server.Runner, $"/deployments/{Text(deployment, "deployment_id")}/cancel", "{}");
        await server.AskAsync(404, server.Runner, "/deployments/last/rollback", "{}");
        await server.AskAsync(400, server.Reader, "/deployments?after=x");
        await server.AskAsync(400, server.Reader, "/deployments?status=x");
    }

    [NeedsAnsibleFact]
    [Trait("Row", "28")]
    public async Task Bulk_HasAResultForEachRunThatWasAskedFor()
    {
        await using var server = await RolloutServer.StartAsync();

        var answer = await server.AskAsync(200, server.Runner, "/executions/bulk", """
            {"items":[{"checkpoint":"prerequisites-check","machines":["alpha"]},{"checkpoint":"nope"},
                {"checkpoint":"docker-installation","machines":["beta"]},{"checkpoint":"prerequisites-check","machines":["gamma"]}]}
            """);

        var items = answer.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["STARTED", "REFUSED", "PREREQUISITES_MISSING", "REFUSED"], items.Select(item => Text(item, "status")));
        var events = await server.FollowAsync($"/executions/{Text(items[0], "execution_id")}/output");
        Assert.Equal("end", events[^1].EventType);
        var record = await server.AskAsync(200, server.Reader, "/checkpoints/prerequisites-check");
        Assert.Equal(["alpha"], record.GetProperty("nodes").EnumerateObject().Select(node => node.Name));
        await server.AskAsync(400, server.Runner, "/executions/bulk", """{"items":[]}""");
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
