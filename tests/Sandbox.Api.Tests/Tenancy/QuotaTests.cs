using Sandbox.Api.Tests.Servers;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Tenancy;

public sealed class QuotaTests
{
    private const string Start = ApiServer.Rock + "/start_async";

    [Fact]
    public async Task Start_OverTheQuota_FailsInRocksForm()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, red) = await server.GivenKeyAsync("red");
        var (_, blue) = await server.GivenKeyAsync("blue");
        await server.Tenants.PutAsync(new Tenant("red", new TenantQuota(Sandboxes: 1)), default);
        using var first = await server.AskAsync(red, Start, """{"image":"busybox","sandbox_id":"a"}""");
        Assert.StartsWith("""{"status":"Success",""", await first.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var second = await server.AskAsync(red, Start, """{"image":"busybox","sandbox_id":"b"}""");
        using var others = await server.AskAsync(blue, Start, """{"image":"busybox","sandbox_id":"c"}""");

        Assert.Equal(200, (int)second.StatusCode);
        Assert.StartsWith(
            """{"status":"Failed","message":"async start sandbox failed","error":"The quota of sandboxes is reached (1).","result":{"code":4000,""",
            await second.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(second.Headers.RetryAfter);
        Assert.StartsWith("""{"status":"Success",""", await others.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OverTheCreatesOfAMinute_SaysWhenToAskAgain()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 18, TimeSpan.Zero));
        await using var server = await ApiServer.StartAsync(time);
        var (_, red) = await server.GivenKeyAsync("red");
        await server.Tenants.PutAsync(new Tenant("red", new TenantQuota(CreatesPerMinute: 1)), default);
        using var first = await server.AskAsync(red, Start, """{"image":"busybox","sandbox_id":"a"}""");

        using var second = await server.AskAsync(red, Start, """{"image":"busybox","sandbox_id":"b"}""");

        Assert.Contains(
            "The quota of creates per minute is reached (1).", await second.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(42), second.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task Start_WithoutRoomInTheCluster_IsTheServersFailure()
    {
        await using var server = await ApiServer.StartAsync();
        server.Placement.Refusal = new SandboxError.NoCapacity("every node is full");

        var answer = await server.PostAsync("/start_async", """{"image":"busybox"}""");

        Assert.StartsWith(
            """{"status":"Failed","message":"async start sandbox failed","error":"No capacity: every node is full","result":{"code":5000,""",
            answer, StringComparison.Ordinal);
    }
}
