using Microsoft.Extensions.Options;
using Sandbox.Testing;
using Sandbox.Testing.Postgres;

namespace Health.Service.Tests;

public sealed class StartTests
{
    [Theory]
    [InlineData("", "HEAD_WHITELIST: empty; name at least one node")]
    [InlineData(" , ", "HEAD_WHITELIST: empty; name at least one node")]
    [InlineData("w1 w2:0", "HEAD_WHITELIST: 'w2:0' is not host or host:port")]
    [InlineData("w1:", "HEAD_WHITELIST: 'w1:' is not host or host:port")]
    [InlineData("w1:65536", "'w1:65536' is not host or host:port")]
    [InlineData("w/1", "'w/1' is not host or host:port")]
    [InlineData("w1 W1", "'W1' is in it twice")]
    public async Task Whitelist_ThatCannotBe_IsRefusedAtStart(string whitelist, string reason)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => HealthHost.StartAsync(whitelist));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondInstance_WithoutADatabase_IsRefusedUntilTheFirstHasEnded()
    {
        using var folder = new TempFolder();
        await using (await HealthHost.StartAsync(folder: folder.Path))
        {
            var refused = await Assert.ThrowsAsync<SecondInstanceException>(() => HealthHost.StartAsync(folder: folder.Path));
            Assert.Contains(
                "another instance already keeps the head of cluster tests in its memory", refused.Message, StringComparison.Ordinal);
            Assert.Contains("ConnectionStrings:sandbox", refused.Message, StringComparison.Ordinal);
        }

        await using var next = await HealthHost.StartAsync(folder: folder.Path);
    }

    [NeedsPostgresFact]
    public async Task SecondInstance_OnOneDatabase_AgreesAboutTheHead()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var one = await HealthHost.StartAsync(database: database);
        await using var other = await HealthHost.StartAsync(database: database);

        await one.RegisterAsync("w1");
        var (_, taken) = await other.AcquireAsync("w1");
        await other.RegisterAsync("w2");
        var (_, refused) = await one.AcquireAsync("w2");

        Assert.Equal(("head", 1L, "postgres"), (taken.Mode, taken.LeaseVersion, taken.Store));
        Assert.Equal(("worker", "w1", "w1.example"), (refused.Mode, refused.HeadNode, refused.HeadHost));
        Assert.Equal((200, 409), ((await one.BeatAsync("w1", 1)).Status, (await one.BeatAsync("w1", 0)).Status));
    }
}
