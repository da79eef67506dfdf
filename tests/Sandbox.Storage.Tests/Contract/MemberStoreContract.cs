using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of members promises.</summary>
public abstract class MemberStoreContract : IAsyncLifetime
{
    private static readonly byte[] Token = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];
    private static readonly byte[] Key = [.. Enumerable.Range(100, 32).Select(number => (byte)number)];

    protected FakeTimeProvider Time { get; } = new(Given.Now);

    /// <summary>The store, at the test's time.</summary>
    protected abstract IMemberStore Members { get; }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task Put_IsListedByNameWithItsSilence()
    {
        await PutAsync("w2");
        Time.Advance(TimeSpan.FromSeconds(3));
        await PutAsync("w1");

        var all = await Members.ListAsync(CancellationToken);

        Assert.Equal([("w1", 0.0), ("w2", 3.0)], all.Select(view => (view.Member.Node, view.Silence.TotalSeconds)));
        Assert.Equal(Of("w1"), all[0].Member);
    }

    [Fact]
    public async Task See_OfTheRegisteredLife_EndsItsSilence()
    {
        await PutAsync("w1");
        Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(Sighting.Known, await Members.SeeAsync("w1", "a", CancellationToken));

        Assert.Equal(TimeSpan.Zero, Assert.Single(await Members.ListAsync(CancellationToken)).Silence);
    }

    [Fact]
    public async Task See_OfAnEarlierLifeOrOfNobody_IsSaidSoAndChangesNothing()
    {
        await PutAsync("w1");
        await PutAsync("w1", "b");
        Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(Sighting.Replaced, await Members.SeeAsync("w1", "a", CancellationToken));
        Assert.Equal(Sighting.Unknown, await Members.SeeAsync("w2", "a", CancellationToken));

        Assert.Equal(3, Assert.Single(await Members.ListAsync(CancellationToken)).Silence.TotalSeconds);
    }

    [Fact]
    public async Task Forget_OfTheRegisteredLifeOnly()
    {
        await PutAsync("w1");

        await Members.ForgetAsync("w1", "earlier", CancellationToken);
        Assert.Single(await Members.ListAsync(CancellationToken));
        await Members.ForgetAsync("w1", "a", CancellationToken);

        Assert.Empty(await Members.ListAsync(CancellationToken));
    }

    [Fact]
    public async Task Join_ByManyAtOnceWithOneToken_SucceedsOnce()
    {
        await Members.AddTokenAsync(TokenOf(), CancellationToken);
        var members = Members;

        var joined = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(number => Task.Run(() => members.TryJoinAsync(Of($"w{number}"), Token, CancellationToken))));

        Assert.Single(joined, sealKey => sealKey is not null);
        Assert.Single(await Members.ListAsync(CancellationToken));
    }

    [Theory]
    [InlineData("w1", 0, true)]
    [InlineData("w2", 0, false)]
    [InlineData("w1", 3600, false)]
    public async Task Join_WithATokenOfOneNode_OnlyInItsTimeAndByThatNode(string node, int later, bool isIn)
    {
        await Members.AddTokenAsync(TokenOf("w1"), CancellationToken);
        Time.Advance(TimeSpan.FromSeconds(later));

        Assert.Equal(isIn, await Members.TryJoinAsync(Of(node), Token, CancellationToken) is not null);
        Assert.Equal(isIn ? 1 : 0, (await Members.ListAsync(CancellationToken)).Count);
    }

    [Fact]
    public async Task Key_StaysWithTheLifeThatJoinedWithIt()
    {
        await Members.AddTokenAsync(TokenOf(), CancellationToken);
        await Members.TryJoinAsync(Of("w1") with { KeyHash = Key }, Token, CancellationToken);

        await PutAsync("w1");
        Assert.Equal(Key, Assert.Single(await Members.ListAsync(CancellationToken)).Member.KeyHash);
        await PutAsync("w1", "b");

        Assert.Null(Assert.Single(await Members.ListAsync(CancellationToken)).Member.KeyHash);
    }

    [Fact]
    public async Task UseToken_ByManyAtOnce_GivesTheSealToOne()
    {
        await Members.AddTokenAsync(TokenOf(), CancellationToken);
        var members = Members;

        var seals = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(number => Task.Run(() => members.TryUseTokenAsync($"w{number}", Token, CancellationToken))));

        Assert.Equal(Key, Assert.Single(seals, seal => seal is not null));
        Assert.Empty(await Members.ListAsync(CancellationToken));
    }

    [Theory]
    [InlineData("w1", 3599, true)]
    [InlineData("w2", 0, false)]
    [InlineData("w1", 3600, false)]
    public async Task UseToken_OfOneNode_OnlyInItsTimeAndByThatNode(string node, int later, bool isIn)
    {
        await Members.AddTokenAsync(TokenOf("w1"), CancellationToken);
        Time.Advance(TimeSpan.FromSeconds(later));

        Assert.Equal(isIn, await Members.TryUseTokenAsync(node, Token, CancellationToken) is not null);
        Assert.Null(await Members.TryUseTokenAsync(node, Key, CancellationToken));
    }

    [Fact]
    public async Task Tokens_AreListedWithTheirStateUntilAWeekAfterTheirEnd()
    {
        var other = TokenOf("w2") with { Hash = Key, ExpiresAt = Given.Now.AddHours(2) };
        await Members.AddTokenAsync(TokenOf(), CancellationToken);
        await Members.AddTokenAsync(other, CancellationToken);
        await Members.TryUseTokenAsync("w2", Key, CancellationToken);
        Time.Advance(TimeSpan.FromHours(1));

        var listed = await Members.ListTokensAsync(CancellationToken);

        Assert.Equal(
            [(TokenOf().Id, null, true, null), (other.Id, "w2", false, "w2")],
            listed.Select(view => (view.Token.Id, view.Token.Node, view.IsOver, view.UsedBy)));
        Time.Advance(TimeSpan.FromDays(8));
        var late = other with { Hash = [.. Key.Reverse()], ExpiresAt = Given.Now.AddDays(9) };
        await Members.AddTokenAsync(late, CancellationToken);
        Assert.Equal(late.Id, Assert.Single(await Members.ListTokensAsync(CancellationToken)).Token.Id);
    }

    [Fact]
    public async Task Token_Revoked_LetsNobodyIn()
    {
        await Members.AddTokenAsync(TokenOf(), CancellationToken);

        Assert.True(await Members.TryRevokeTokenAsync(TokenOf().Id, CancellationToken));

        Assert.Null(await Members.TryUseTokenAsync("w1", Token, CancellationToken));
        Assert.False(await Members.TryRevokeTokenAsync(TokenOf().Id, CancellationToken));
    }

    private static JoinToken TokenOf(string? node = null) => new(Token, Key, node, Given.Now.AddHours(1));

    private static Member Of(string node, string life = "a") => new(node, life, $"{node}.example", 6390, 10001, 8265, "1", KeyHash: null);

    private Task PutAsync(string node, string life = "a") => Members.PutAsync(Of(node, life), CancellationToken);
}
