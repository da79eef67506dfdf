using Sandbox.Contracts.Cluster;

namespace Health.Service.Tests;

/// <summary>Which node becomes the head, and which stays it: the table of the contract, over HTTP, under a clock of the
/// test's own.</summary>
public sealed class HeadTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    private HealthHost? _host;

    private HealthHost Host => _host!;

    public async ValueTask InitializeAsync() => _host = await HealthHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    [Fact]
    public async Task Acquire_FirstOfTheWhitelist_IsTheHeadAndSaysWhereItIs()
    {
        await Host.RegisterAsync("w1");

        var (status, answer) = await Host.AcquireAsync("w1");

        Assert.Equal((200, "head", "w1", "w1.example", 6390, 10001, 1L), (
            status, answer.Mode, answer.HeadNode, answer.HeadHost, answer.HeadPort, answer.HeadClientPort, answer.LeaseVersion));
        Assert.Equal((2000, "memory"), (answer.LeaseMs, answer.Store));
    }

    [Fact]
    public async Task Acquire_WhileAnotherIsTheHead_IsAWorkerOfIt()
    {
        await HeadIsAsync("w1");
        await Host.RegisterAsync("w2");

        var (status, answer) = await Host.AcquireAsync("w2");

        Assert.Equal((200, "worker", "w1", "w1 is the head"), (status, answer.Mode, answer.HeadNode, answer.Reason));
        Assert.Equal(2000, answer.RetryAfterMs);
    }

    [Fact]
    public async Task Acquire_SecondOfTheWhitelistIsThereAlone_IsTheHeadAndStaysItWhenTheFirstComes()
    {
        await HeadIsAsync("w2");
        await Host.RegisterAsync("w1");

        Assert.Equal("worker", (await Host.AcquireAsync("w1")).Answer.Mode);
        Assert.Equal(200, (await Host.BeatAsync("w2", 1)).Status);
    }

    [Fact]
    public async Task Acquire_BothStandAndThePlaceIsFree_TheEarlierOfTheWhitelistComesFirst()
    {
        await Host.RegisterAsync("w2");
        await Host.RegisterAsync("w1");

        var (_, refused) = await Host.AcquireAsync("w2");

        Assert.Equal(("worker", null), (refused.Mode, refused.HeadNode));
        Assert.Contains("w1 comes before w2", refused.Reason, StringComparison.Ordinal);
        Assert.Equal("head", (await Host.AcquireAsync("w1")).Answer.Mode);
    }

    [Fact]
    public async Task Acquire_TheEarlierOfTheWhitelistFellSilent_IsNotWaitedForLongerThanHalfALease()
    {
        await Host.RegisterAsync("w2");
        await Host.RegisterAsync("w1");
        Assert.Equal("worker", (await Host.AcquireAsync("w2")).Answer.Mode);

        Host.Time.Advance(Lease / 2);

        Assert.Equal("head", (await Host.AcquireAsync("w2")).Answer.Mode);
    }

    [Theory]
    [InlineData("w3", 6390, "w3 is not in the whitelist (w1 w2:6390)")]
    [InlineData("w2", 6391, "w2 is in the whitelist as w2:6390, but its head port is 6391")]
    public async Task Acquire_NotOfTheWhitelist_IsAWorkerAndToldWhy(string node, int headPort, string why)
    {
        await Host.RegisterAsync(node, headPort: headPort);

        var (status, answer) = await Host.AcquireAsync(node);

        Assert.Equal((200, "worker", why), (status, answer.Mode, answer.Reason));
        Assert.Null(answer.HeadNode);
    }

    [Fact]
    public async Task Acquire_NameInOtherLetters_IsTheSameHost()
    {
        await Host.RegisterAsync("W1");

        Assert.Equal("head", (await Host.AcquireAsync("W1")).Answer.Mode);
    }

    [Fact]
    public async Task Acquire_AnswerWasLostAndItAsksAgain_HasTheSameVersion()
    {
        await HeadIsAsync("w1");
        Host.Time.Advance(Lease / 2);

        var (_, again) = await Host.AcquireAsync("w1");

        Assert.Equal(("head", 1L), (again.Mode, again.LeaseVersion));
        Host.Time.Advance(Lease * 3 / 4);
        Assert.Equal(200, (await Host.BeatAsync("w1", 1)).Status);
    }

    [Fact]
    public async Task Acquire_OwnerStartedAgain_IsTheHeadAgainAtOnceUnderAHigherVersion()
    {
        await HeadIsAsync("w1");

        await Host.RegisterAsync("w1", life: "b");
        var (_, answer) = await Host.AcquireAsync("w1", life: "b");

        Assert.Equal(("head", 2L), (answer.Mode, answer.LeaseVersion));
        var (status, late) = await Host.BeatAsync("w1", 1);
        Assert.Equal((409, "worker"), (status, late.Mode));
        Assert.Contains("another process has registered as w1", late.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heartbeat_HeadFellSilentAndAnotherIsIt_IsRefusedWith409()
    {
        await HeadIsAsync("w1");
        await Host.RegisterAsync("w2");
        Host.Time.Advance(Lease);
        Assert.Equal(("head", 2L), ModeAndVersion(await Host.AcquireAsync("w2")));

        var (status, answer) = await Host.BeatAsync("w1", 1);

        Assert.Equal((409, "worker", "w2", 2L), (status, answer.Mode, answer.HeadNode, answer.LeaseVersion));
        Assert.Contains("lease_version 1", answer.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(-1)]
    public async Task Heartbeat_UnderAnotherVersion_IsRefusedWith409(long version)
    {
        await HeadIsAsync("w1");

        Assert.Equal(409, (await Host.BeatAsync("w1", version)).Status);
        Assert.Equal(200, (await Host.BeatAsync("w1", 1)).Status);
    }

    [Fact]
    public async Task Heartbeat_KeepsTheLease()
    {
        await HeadIsAsync("w1");
        await Host.RegisterAsync("w2");
        for (var beat = 0; beat < 8; beat++)
        {
            Host.Time.Advance(Lease * 3 / 4);
            Assert.Equal(("head", 1L), ModeAndVersion(await Host.BeatAsync("w1", 1)));
            Assert.Equal("worker", (await Host.AcquireAsync("w2")).Answer.Mode);
        }
    }

    [Fact]
    public async Task Heartbeat_OfAHeadThatLeaves_MakesRoomAtOnce()
    {
        await HeadIsAsync("w1");
        await Host.RegisterAsync("w2");

        Assert.Equal(200, (await Host.BeatAsync("w1", 1, leaving: true)).Status);

        Assert.Equal(("head", 2L), ModeAndVersion(await Host.AcquireAsync("w2")));
    }

    [Fact]
    public async Task Acquire_NeverRegistered_IsToldTo()
    {
        var (status, answer) = await Host.AcquireAsync("w1");

        Assert.Equal((404, "worker", "w1 is not registered here"), (status, answer.Mode, answer.Reason));
    }

    [Fact]
    public async Task Current_BeforeThereIsAHead_Is404_AndThenTellsIt()
    {
        using var before = await Host.SendAsync(HttpMethod.Get, HealthRoutes.Current, body: null);
        Assert.Equal(404, (int)before.StatusCode);

        await HeadIsAsync("w1");

        using var after = await Host.SendAsync(HttpMethod.Get, HealthRoutes.Current, body: null);
        var answer = await HealthHost.ReadAsync(after);
        Assert.Equal((200, "w1", "w1.example", 1L), ((int)after.StatusCode, answer.HeadNode, answer.HeadHost, answer.LeaseVersion));
    }

    [Fact]
    public async Task Acquire_ByTwentyAtOnce_OneIsTheHead()
    {
        await using var host = await HealthHost.StartAsync(string.Join(' ', Enumerable.Range(1, 20).Select(number => $"n{number}")));
        await Task.WhenAll(Enumerable.Range(1, 20).Select(number => host.RegisterAsync($"n{number}")));
        host.Time.Advance(Lease);

        var answers = await Task.WhenAll(Enumerable.Range(1, 20).Select(number => host.AcquireAsync($"n{number}")));

        Assert.Single(answers, answer => answer.Answer.Mode == "head");
    }

    private static (string, long) ModeAndVersion((int Status, HeadAnswer Answer) reply) => (reply.Answer.Mode, reply.Answer.LeaseVersion);

    private async Task HeadIsAsync(string node)
    {
        await Host.RegisterAsync(node);
        Assert.Equal(("head", 1L), ModeAndVersion(await Host.AcquireAsync(node)));
    }
}
