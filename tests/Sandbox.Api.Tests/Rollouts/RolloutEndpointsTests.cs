using System.Text.Json;
using Sandbox.Domain.Stores;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Rollouts;

/// <summary>The rollout's interface on a real server with real Ansible; the rows are those of the interface's contract.</summary>
public sealed class RolloutEndpointsTests
{
    private const string Grant = """{"approved_by":"ann@example.com","reason":"planned"}""";

    [NeedsAnsibleFact]
    [Trait("Row", "14")]
    [Trait("Row", "15")]
    [Trait("Row", "16")]
    public async Task Checkpoint_ThatIsRun_IsFollowedToItsEndAndShownEverywhere()
    {
        await using var server = await RolloutServer.StartAsync();
        var before = await server.AskAsync(200, server.Reader, "/checkpoints");
        Assert.Equal(
            [
                "prerequisites-check NOT_FOUND", "docker-installation NOT_FOUND", "cleanup-existing NOT_FOUND",
                "cluster-deployment NOT_FOUND", "monitoring-deployment NOT_FOUND", "final-validation NOT_FOUND",
            ],
            before.EnumerateArray().Select(one => $"{Text(one, "checkpoint")} {Text(one, "status")}"));
        Assert.Equal("NOT_FOUND", Text(await server.AskAsync(200, server.Reader, "/checkpoints/final-validation"), "status"));
        Assert.Equal("UNKNOWN", Text(await server.AskAsync(200, server.Reader, "/cluster/health"), "overall_status"));

        var begun = await server.AskAsync(202, server.Runner, "/checkpoints/prerequisites-check", "{}");

        Assert.Equal(("prerequisites-check", "STARTED"), (Text(begun, "checkpoint"), Text(begun, "status")));
        Assert.True(begun.TryGetProperty("started_at", out _) && Text(begun, "message").Length > 0, $"the documented form: {begun}");
        var id = Text(begun, "execution_id");
        var events = await server.FollowAsync($"/executions/{id}/output");
        Assert.Equal(
            Enumerable.Range(1, events.Count - 1).Select(number => $"{number} line").Append(" end"),
            events.Select(one => $"{one.EventId} {one.EventType}"));
        Assert.Equal("COMPLETED", Text(JsonDocument.Parse(events[^1].Data).RootElement, "status"));

        var run = await server.AskAsync(200, server.Reader, $"/executions/{id}");
        Assert.Equal(("COMPLETED", "prerequisites-check"), (Text(run, "status"), Text(run, "checkpoint")));
        Assert.Equal("PLAY 01-prerequisites-check", run.GetProperty("output")[0].GetString());
        Assert.Equal(events.Count - 1, run.GetProperty("output").GetArrayLength());
        var rest = await server.AskAsync(200, server.Reader, $"/executions/{id}?after=1");
        Assert.Equal(events.Count - 2, rest.GetProperty("output").GetArrayLength());
        Assert.Equal(events.Skip(2), await server.FollowAsync($"/executions/{id}/output", lastEventId: "2"));
        Assert.Equal(events.Skip(2), await server.FollowAsync($"/executions/{id}/output?after=2"));
        var listed = await server.AskAsync(200, server.Reader, "/executions?state=completed&limit=1");
        Assert.Equal(id, Text(Assert.Single(listed.GetProperty("executions").EnumerateArray()), "execution_id"));

        var passed = await server.AskAsync(200, server.Reader, "/checkpoints/prerequisites-check");
        Assert.Equal(("PASSED", 2, 2), (
            Text(passed, "status"), passed.GetProperty("total_nodes").GetInt32(), passed.GetProperty("passed_nodes").GetInt32()));
        Assert.Equal("PASSED", Text(passed.GetProperty("nodes").GetProperty("beta"), "status"));
        var status = await server.AskAsync(200, server.Reader, "/cluster/status");
        Assert.Equal(("IN_PROGRESS", 6), (Text(status, "deployment_status"), status.GetProperty("total_checkpoints").GetInt32()));
        Assert.Equal("prerequisites-check", Assert.Single(status.GetProperty("completed_checkpoints").EnumerateArray()).GetString());
        Assert.Equal("PASSED", Text(status.GetProperty("checkpoint_details").GetProperty("prerequisites-check"), "status"));
        Assert.Equal(
            ["overall_status", "ray_cluster", "monitoring", "containers", "endpoints"],
            status.GetProperty("cluster_health").EnumerateObject().Select(one => one.Name));

        var told = await server.FollowAsync("/rollout/events?follow=false");
        Assert.Equal(["1 execution.started", "2 execution.completed"], told.Select(one => $"{one.EventId} {one.EventType}"));
        Assert.Equal("2", Assert.Single(await server.FollowAsync("/rollout/events?follow=false", lastEventId: "1")).EventId);
        var verified = await server.AskAsync(200, server.Reader, "/audit/verify");
        Assert.True(verified.GetProperty("is_whole").GetBoolean(), $"nobody changed the log: {verified}");
        var entries = await server.AskAsync(200, server.Reader, "/audit?after=1");
        Assert.Equal(Text(verified, "newest_hash"), Text(Assert.Single(entries.EnumerateArray()), "hash"));
    }

    [NeedsAnsibleFact]
    [Trait("Row", "17")]
    [Trait("Row", "18")]
    public async Task Checkpoint_ThatNeedsAConsent_RunsOnceAfterAnotherCallerGaveIt()
    {
        await using var server = await RolloutServer.StartAsync();
        const string path = "/checkpoints/docker-installation";
        await server.RunAsync(RolloutServer.Free);

        var refused = await server.AskAsync(400, server.Runner, path, "{}");

        Assert.Equal(("APPROVAL_REQUIRED", "docker-installation"), (Text(refused, "error"), Text(refused, "checkpoint")));
        var info = refused.GetProperty("approval_info");
        Assert.True(info.GetProperty("approval_required").GetBoolean(), $"it needs a consent: {info}");
        Assert.False(info.GetProperty("destructive_operation").GetBoolean(), $"it destroys nothing: {info}");
        Assert.Equal(4, info.GetProperty("impact_summary").GetArrayLength());
        var request = Text(Assert.Single(info.GetProperty("requests").EnumerateArray()), "approval_id");
        var again = await server.AskAsync(400, server.Runner, path, "{}");
        Assert.Equal(request, Text(again.GetProperty("approval_info").GetProperty("requests")[0], "approval_id"));

        // Who consents must say who and why; the form of the failure is the documented one.
        await AssertRefusedAsync(server, 400, "NO_IDENTITY", "/approvals/docker-installation", """{"reason":"planned"}""");
        await AssertRefusedAsync(server, 400, "NO_REASON", "/approvals/docker-installation", """{"approved_by":"ann"}""");
        await AssertRefusedAsync(server, 400, "APPROVAL_NOT_NEEDED", "/approvals/prerequisites-check", Grant);
        await AssertRefusedAsync(server, 404, "UNKNOWN_CHECKPOINT", "/approvals/..%2fetc", Grant);
        var changed = $$"""{"approved_by":"ann","reason":"planned","plan_hash":"{{new string('0', 64)}}"}""";
        await AssertRefusedAsync(server, 409, "PLAN_CHANGED", $"/approvals/{request}", changed);

        var granted = await server.AskAsync(200, server.Approver, "/approvals/docker-installation", Grant);

        Assert.True(granted.GetProperty("approved").GetBoolean(), $"one consent is enough: {granted}");
        Assert.Equal(("ann@example.com", request), (Text(granted, "approved_by"), Text(granted, "approval_token")));
        Assert.NotEqual("ann@example.com", Text(granted, "authenticated_as"));
        await AssertRefusedAsync(
            server, 400, "APPROVAL_REQUIRED", path, $$"""{"approval_token":"{{Guid.Empty}}"}""", server.Runner);
        Assert.Equal("COMPLETED", (await server.RunAsync(
            RolloutServer.Gated, $$"""{"approval_token":"{{request}}"}""")).Status);
        await AssertRefusedAsync(server, 400, "APPROVAL_REQUIRED", path, "{}", server.Runner);
        var approvals = await server.AskAsync(200, server.Reader, "/approvals");
        Assert.Equal(["consumed", "requested"], approvals.EnumerateArray().Select(one => Text(one, "state")).Order());
        var consent = approvals.EnumerateArray().Single(one => Text(one, "approval_id") == request).GetProperty("consents")[0];
        Assert.Equal(("ann@example.com", Text(granted, "authenticated_as")), (Text(consent, "on_behalf_of"), Text(consent, "by")));
    }

    [NeedsAnsibleFact]
    [Trait("Row", "18")]
    public async Task Consent_ToWhatDestroys_NeedsAnAcknowledgementAndAnotherCaller()
    {
        await using var server = await RolloutServer.StartAsync();
        const string path = "/checkpoints/cleanup-existing";
        const string approval = "/approvals/cleanup-existing";
        const string grant = """{"approved_by":"ann","reason":"planned","acknowledge_risks":true}""";

        // On a fresh system nobody has asked yet, and a consent to nothing is none.
        await AssertRefusedAsync(server, 409, "NO_REQUEST", approval, grant);
        var info = await server.AskAsync(200, server.Reader, approval);
        Assert.All(
            info.GetProperty("impact_summary").EnumerateArray(),
            line => Assert.Contains("DESTRUCTIVE", line.GetString()!, StringComparison.Ordinal));
        await server.AskAsync(400, server.Operator, path, """{"force":true}""");

        await AssertRefusedAsync(server, 400, "RISKS_NOT_ACKNOWLEDGED", approval, Grant);
        await AssertRefusedAsync(server, 403, "OWN_REQUEST", approval, grant, server.Operator);
        // approve in the run's own body is a consent like any other.
        await AssertRefusedAsync(server, 400, "NO_REASON", path, """{"force":true,"approve":true}""", server.Operator);
        await AssertRefusedAsync(
            server, 400, "RISKS_NOT_ACKNOWLEDGED", path, """{"force":true,"approve":true,"reason":"planned"}""", server.Operator);
        await AssertRefusedAsync(
            server, 403, "FORBIDDEN", path, """{"force":true,"approve":true,"reason":"x","acknowledge_risks":true}""", server.Runner);
        await AssertRefusedAsync(
            server, 403, "OWN_REQUEST", path, """{"force":true,"approve":true,"reason":"x","acknowledge_risks":true}""", server.Operator);

        await server.AskAsync(200, server.Approver, approval, grant);
        var revoked = await server.AskAsync(200, server.Approver, approval + "/revoke", """{"reason":"not now"}""");
        Assert.Equal("revoked", Text(revoked, "state"));
        await AssertRefusedAsync(server, 400, "APPROVAL_REQUIRED", path, """{"force":true}""", server.Runner);
        var denied = await server.AskAsync(200, server.Approver, approval + "/deny", """{"reason":"no"}""");
        Assert.Equal(("denied", "no"), (Text(denied, "state"), Text(denied.GetProperty("ended_by"), "reason")));

        await server.AskAsync(400, server.Runner, path, """{"force":true}""");
        await server.AskAsync(200, server.Approver, approval, grant);
        server.ChangePlaybook("03-cleanup-existing");
        var other = await server.AskAsync(400, server.Runner, path, """{"force":true}""");
        Assert.Contains("not the one that was consented to", Text(other, "message"), StringComparison.Ordinal);
    }

    [NeedsAnsibleFact]
    [Trait("Row", "18")]
    public async Task Approve_WhereThePolicyLetsWhoAsksConsent_RunsAtOnceWithTheCallersName()
    {
        await using var server = await RolloutServer.StartAsync(("Rollout:AllowsOwnApproval", "true"));

        var run = await server.RunAsync(
            RolloutServer.Destructive, """{"force":true,"approve":true,"reason":"planned","acknowledge_risks":true}""");

        Assert.Equal("COMPLETED", run.Status);
        var entry = (await server.AskAsync(200, server.Reader, "/audit")).EnumerateArray()
            .Single(one => Text(one, "action") == "approval.granted");
        Assert.Equal(Text(await server.AskAsync(200, server.Reader, $"/executions/{run.Id}"), "started_by"), Text(entry, "actor"));
    }

    [NeedsAnsibleFact]
    [Trait("Row", "21")]
    [Trait("Row", "22")]
    public async Task Run_BesideAnotherOrBeforeItsTime_IsAConflict_AndForceOverridesTheLatterOnly()
    {
        await using var server = await RolloutServer.StartAsync();
        const string path = "/checkpoints/cluster-deployment";

        var early = await server.AskAsync(409, server.Runner, path, "{}");
        Assert.Equal("PREREQUISITES_MISSING", Text(early, "error"));
        Assert.Contains("prerequisites-check, docker-installation, cleanup-existing", Text(early, "message"), StringComparison.Ordinal);

        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(
            _ => server.Api.AskAsync(server.Runner, "/api/v1" + path, """{"force":true}""")));

        Assert.Equal([202, 409], both.Select(answer => (int)answer.StatusCode).Order());
        using var document = JsonDocument.Parse(
            await both.Single(answer => (int)answer.StatusCode == 202).Content.ReadAsStringAsync());
        var id = Text(document.RootElement, "execution_id");
        var again = await server.AskAsync(409, server.Runner, "/checkpoints/prerequisites-check", """{"force":true}""");
        Assert.Equal("ALREADY_RUNNING", Text(again, "error"));
        Assert.Equal("IN_PROGRESS", Text(await server.AskAsync(200, server.Reader, path), "status"));

        // A run that has printed something has a process that can be stopped.
        await WaitForLineAsync(server, id);
        await server.AskAsync(200, server.Runner, $"/executions/{id}/stop", "{}");
        var events = await server.FollowAsync($"/executions/{id}/output");
        Assert.Equal("CANCELLED", Text(JsonDocument.Parse(events[^1].Data).RootElement, "status"));
        Assert.Equal("NOT_RUNNING", Text(await server.AskAsync(409, server.Runner, $"/executions/{id}/stop", "{}"), "error"));
        foreach (var answer in both)
        {
            answer.Dispose();
        }
    }

    [Fact]
    [Trait("Row", "15")]
    [Trait("Row", "27")]
    public async Task Caller_WithoutTheRightKey_IsRefusedBeforeAnythingIsTouched()
    {
        await using var server = await RolloutServer.StartAsync();

        using var stranger = await server.Api.AskAsync(null, "/api/v1/checkpoints");
        Assert.Equal(401, (int)stranger.StatusCode);
        await server.AskAsync(403, server.Admin, "/checkpoints");
        await server.AskAsync(403, server.Reader, "/checkpoints/prerequisites-check", "{}");
        await server.AskAsync(403, server.Approver, "/checkpoints/prerequisites-check", "{}");
        await server.AskAsync(403, server.Runner, "/approvals/docker-installation", Grant);
        Assert.Equal("healthy", Text(await server.AskAsync(200, server.Admin, "/health"), "status"));

        foreach (var name in (string[])["nope", "..%2f..%2fetc%2fpasswd", new string('x', 500)])
        {
            Assert.Equal("UNKNOWN_CHECKPOINT", Text(await server.AskAsync(404, server.Reader, $"/checkpoints/{name}"), "error"));
            Assert.Equal("UNKNOWN_CHECKPOINT", Text(await server.AskAsync(404, server.Runner, $"/checkpoints/{name}", "{}"), "error"));
        }

        await server.AskAsync(404, server.Reader, "/executions/nope");
        await server.AskAsync(404, server.Reader, $"/executions/{Guid.Empty}/output");
        await server.AskAsync(400, server.Reader, "/executions?state=7");
        await server.AskAsync(400, server.Reader, "/executions?limit=0");
        await server.AskAsync(400, server.Reader, "/audit?after=x");
        await server.AskAsync(400, server.Reader, "/rollout/events?after=x");
        await server.AskAsync(400, server.Runner, "/checkpoints/docker-installation", """{"approval_token":"x"}""");
        await server.AskAsync(400, server.Runner, "/checkpoints/docker-installation", "[]");
    }

    [Fact]
    [Trait("Row", "27")]
    public async Task Key_WithAPermission_IsMadeOnlyByACallerWhoHasIt()
    {
        await using var server = await RolloutServer.StartAsync();
        const string body = """{"permissions":["rollout:approve"]}""";
        var (_, both) = await server.Api.GivenKeyAsync("default", admin: true, permissions: [Permission.RolloutApprove]);

        await server.AskAsync(403, server.Admin, "/keys", body);
        await server.AskAsync(400, both, "/keys", """{"permissions":["rollout:everything"]}""");
        var made = await server.AskAsync(201, both, "/keys", body);

        Assert.Equal("rollout:approve", Assert.Single(made.GetProperty("permissions").EnumerateArray()).GetString());
        await server.AskAsync(200, Text(made, "secret"), "/approvals");
        await server.AskAsync(403, Text(made, "secret"), "/checkpoints/docker-installation", "{}");
    }

    [Fact]
    [Trait("Row", "27")]
    public async Task Post_MoreOftenThanTheLimit_IsAnsweredLater()
    {
        await using var server = await RolloutServer.StartAsync(("Api:MaxRequestsPerSecond", "1"));

        HttpResponseMessage? limited = null;
        for (var asked = 0; asked < 1000 && limited is null; asked++)
        {
            var answer = await server.Api.AskAsync(server.Runner, "/api/v1/checkpoints/nope", "{}");
            limited = (int)answer.StatusCode == 429 ? answer : null;
        }

        Assert.True(limited is not null, "one request a second is allowed, and ten at once");
        Assert.True(limited!.Headers.RetryAfter?.Delta > TimeSpan.Zero, "it says when to come again");
    }

    [Fact]
    public async Task Server_WithoutAnInventory_SaysThatItRunsNoRollout()
    {
        await using var server = await Servers.ApiServer.StartAsync();
        var (_, key) = await server.GivenKeyAsync("default", permissions: [.. Permission.All]);

        using var answer = await server.AskAsync(key, "/api/v1/checkpoints");

        Assert.Equal(409, (int)answer.StatusCode);
        Assert.Contains("Rollout:Inventory", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(
        RolloutServer server, int status, string error, string path, string json, string? key = null)
    {
        var refused = await server.AskAsync(status, key ?? server.Approver, path, json);
        Assert.Equal(error, Text(refused, "error"));
        Assert.Equal(Text(refused, "message"), Text(refused, "detail"));
    }

    /// <summary>Until the first line of a run arrives.</summary>
    private static async Task WaitForLineAsync(RolloutServer server, string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/executions/{id}/output");
        request.Headers.Add("X-API-Key", server.Reader);
        using var answer = await server.Api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line && !line.Contains("TASK wait", StringComparison.Ordinal))
        {
            // What comes before it.
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";
}
