using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Worker.Head;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Head;

/// <summary>What is around the decision: how often the health service is asked, and what else is.</summary>
public sealed class StartupRoleDecisionTests
{
    [Theory]
    [InlineData(0, 3, 1)]
    [InlineData(1, 3, 2)]
    [InlineData(2, 3, 3)]
    [InlineData(9, 3, 3)]
    [InlineData(9, 1, 1)]
    [InlineData(9, 0, 0)]
    public async Task HealthService_FailsAtFirst_IsAskedUntilItAnswersAndNoOftenerThanAllowed(int fails, int tries, int asked)
    {
        await using var health = await FakeHealth.StartAsync((time, http) =>
        {
            http.Response.StatusCode = time <= fails ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
            return Task.CompletedTask;
        });
        await using var node = Node(
            ("HEALTH_URL", health.Url.AbsoluteUri), ("HEALTH_MAX_RETRIES", tries.ToString(CultureInfo.InvariantCulture)),
            ("HEALTH_RETRY_INTERVAL", "0"));

        var choice = await DecideAsync(node);

        Assert.Equal(asked, health.Greetings);
        Assert.Equal(new HeadChoice(NodeMode.Head, null, fails < tries ? HeadReason.NoneFound : HeadReason.FailSafe), choice);
    }

    [Fact]
    public async Task HealthService_TooSlow_CountsAsUnreachable()
    {
        await using var health = await FakeHealth.StartAsync(
            async (_, http) => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted));
        var clock = new FakeTimeProvider();
        await using var node = DecidingNode.Build(
            services => services.AddSingleton<TimeProvider>(clock),
            ("HEALTH_URL", health.Url.AbsoluteUri), ("HEALTH_TIMEOUT", "1"), ("HEALTH_MAX_RETRIES", "2"), ("HEALTH_RETRY_INTERVAL", "0"));

        var decision = DecideAsync(node);
        for (var tries = 1; tries <= 2; tries++)
        {
            await WorkerHost.UntilAsync(() => health.Greetings == tries, $"the health service is asked for the {tries}. time");
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(HeadReason.FailSafe, (await decision.WaitAsync(WorkerHost.Soon))?.Reason);
        Assert.Equal(2, health.Greetings);
    }

    [Fact]
    public async Task HealthService_ElectsNobody_TheFirstOtherThatSaysItIsTheHeadIsJoinedAtItsOwnPort()
    {
        await using var health = await FakeHealth.StartAsync((_, _) => Task.CompletedTask);
        await using var accepts = await FakeHealth.StartAsync(
            (_, _) => Task.CompletedTask, http => http.Response.WriteAsync("something else"));
        await using var worker = await FakeHealth.StartAsync((_, _) => Task.CompletedTask, http => RoleAsync(http, HeadAnswer.Worker));
        await using var head = await FakeHealth.StartAsync((_, _) => Task.CompletedTask, http => RoleAsync(http, HeadAnswer.Head));
        await using var node = Node(
            ("HEALTH_URL", health.Url.AbsoluteUri),
            ("HEAD_WHITELIST", $"n1 {accepts.Url.Authority} {worker.Url.Authority} {head.Url.Authority}"));

        Assert.Equal(
            new HeadChoice(NodeMode.Worker, new HeadAddress("127.0.0.1", head.Url.Port), HeadReason.AnotherFound), await DecideAsync(node));
    }

    private static Task RoleAsync(HttpContext http, string mode) =>
        http.Response.WriteAsJsonAsync(new RoleAnswer("x", mode, 1, null, null), HeadJson.Default.RoleAnswer);

    private static Task<HeadChoice?> DecideAsync(WebApplication node) =>
        node.Services.GetRequiredService<StartupRoleDecision>().DecideAsync(TestContext.Current.CancellationToken);

    private static WebApplication Node(params (string Key, string Value)[] settings) => DecidingNode.Build(_ => { }, settings);
}
