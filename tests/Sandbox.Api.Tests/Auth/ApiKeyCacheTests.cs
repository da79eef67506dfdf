using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Auth;
using Sandbox.Api.Tests.Servers;
using Sandbox.Domain.Stores;
using Sandbox.Storage;

namespace Sandbox.Api.Tests.Auth;

public sealed class ApiKeyCacheTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);

    [Fact]
    public async Task Server_WithoutKeys_AsksForOneAsSoonAsThereIsOne()
    {
        await using var server = await ApiServer.StartAsync(_time);
        Assert.Equal(200, await StatusAsync(server, null));

        var (_, secret) = await server.GivenKeyAsync("red");

        Assert.Equal((401, 200), (await StatusAsync(server, null), await StatusAsync(server, secret)));
    }

    [Fact]
    public async Task Key_Revoked_IsRefusedAtOnce()
    {
        await using var server = await ApiServer.StartAsync(_time);
        await server.GivenKeyAsync("red");
        var (id, secret) = await server.GivenKeyAsync("red");
        Assert.Equal(200, await StatusAsync(server, secret));

        Assert.True(await server.Tenants.TryRevokeKeyAsync(id, default));

        Assert.Equal(401, await StatusAsync(server, secret));
    }

    [Fact]
    public async Task Key_RevokedWithoutAWakeUp_IsRefusedWithinFiveSeconds()
    {
        await using var server = await ApiServer.StartAsync(_time);
        var (id, secret) = await server.GivenKeyAsync("red");
        Assert.Equal(200, await StatusAsync(server, secret));
        await RevokeElsewhereAsync(server, id);

        _time.Advance(ApiKeyCache.KeepFor - TimeSpan.FromMilliseconds(1));
        var remembered = await StatusAsync(server, secret);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(ApiKeyCache.KeepFor < TimeSpan.FromSeconds(5), "a revoked key works for less than 5 s");
        Assert.Equal(200, remembered);
        Assert.Equal(401, await StatusAsync(server, secret));
    }

    [Fact]
    public async Task Key_RefusedAndMadeElsewhere_IsLetInWithinFiveSeconds()
    {
        await using var server = await ApiServer.StartAsync(_time);
        await server.GivenKeyAsync("red");
        Assert.Equal(401, await StatusAsync(server, "made-later"));
        await using (var elsewhere = Elsewhere(server))
        {
            var hash = System.Security.Cryptography.SHA256.HashData("made-later"u8);
            Assert.True(await elsewhere.GetRequiredService<ITenantStore>().TryAddKeyAsync(
                new ApiKey("later", "red", "", hash, false, Now, null, null), default));
        }

        Assert.Equal(401, await StatusAsync(server, "made-later"));
        _time.Advance(ApiKeyCache.KeepFor);

        Assert.Equal(200, await StatusAsync(server, "made-later"));
    }

    [Fact]
    public async Task Key_ThatExpiresWhileItIsRemembered_IsRefused()
    {
        await using var server = await ApiServer.StartAsync(_time);
        var (_, secret) = await server.GivenKeyAsync("red", expires: Now + TimeSpan.FromSeconds(1));
        Assert.Equal(200, await StatusAsync(server, secret));

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(401, await StatusAsync(server, secret));
    }

    [Fact]
    public async Task Server_WhoseLastKeyIsRevoked_StaysClosed()
    {
        await using var server = await ApiServer.StartAsync(_time);
        var (id, secret) = await server.GivenKeyAsync("red");
        Assert.Equal(200, await StatusAsync(server, secret));

        Assert.True(await server.Tenants.TryRevokeKeyAsync(id, default));

        Assert.False(await server.Tenants.HasKeysAsync(default));
        Assert.Equal(401, await StatusAsync(server, null));
    }

    [Fact]
    public async Task Memory_OfGuesses_IsBoundedAndKeepsTheKeys()
    {
        await using var server = await ApiServer.StartAsync(_time);
        var (id, secret) = await server.GivenKeyAsync("red");
        var keys = server.Get<ApiKeyCache>();
        Assert.NotNull(await keys.FindAsync(secret, default));
        await RevokeElsewhereAsync(server, id);

        for (var guess = 0; guess < ApiKeyCache.Most + 100; guess++)
        {
            Assert.Null(await keys.FindAsync($"guess-{guess}", default));
        }

        Assert.InRange(keys.Remembered, 101, ApiKeyCache.Most + 1);
        Assert.True(
            await keys.FindAsync(secret, default) is not null, "the key was not crowded out by the guesses: it is still remembered");
    }

    [Theory]
    [InlineData("X-API-Key", "")]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "bearer ")]
    [InlineData("XRL-Authorization", "Bearer ")]
    [InlineData("OPEN-SANDBOX-API-KEY", "")]
    public async Task Key_InAnyOfTheHeaders_IsItsTenant(string header, string before)
    {
        await using var server = await ApiServer.StartAsync();
        var (_, secret) = await server.GivenKeyAsync("red");
        using var started = await server.AskAsync(
            before + secret, ApiServer.Rock + "/start", """{"image":"busybox","sandbox_id":"a"}""", header);

        Assert.Equal(200, (int)started.StatusCode);
        Assert.Equal("red", (await server.Store.FindAsync(Contracts.Ids.SandboxId.Parse("a"), default))?.Tenant);
    }

    [Fact]
    public async Task Keys_ThatDiffer_AreRefusedEvenWhenBothAreGood()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, red) = await server.GivenKeyAsync("red");
        var (_, blue) = await server.GivenKeyAsync("blue");

        using var two = await TwoAsync(server, red, blue);
        using var same = await TwoAsync(server, red, red);

        Assert.Equal(401, (int)two.StatusCode);
        Assert.Equal("""{"detail":"The request carries several different API keys; send one."}""", await two.Content.ReadAsStringAsync());
        Assert.Equal(200, (int)same.StatusCode);
    }

    [Fact]
    public async Task Secrets_OfRequests_NeverReachTheLog()
    {
        await using var server = await ApiServer.StartAsync();
        var (id, secret) = await server.GivenKeyAsync("red");
        string[] headers = ["X-API-Key", "OPEN-SANDBOX-API-KEY"];
        foreach (var header in headers)
        {
            using var good = await server.AskAsync(secret, ApiServer.Rock + "/sandboxes", header: header);
            using var bad = await server.AskAsync("wrong-" + secret, ApiServer.Rock + "/sandboxes", header: header);
            using var bearing = await server.AskAsync("Bearer wrong-" + secret, "/", header: "XRL-Authorization");
            Assert.Equal((200, 401, 401), ((int)good.StatusCode, (int)bad.StatusCode, (int)bearing.StatusCode));
        }

        await server.Tenants.TryRevokeKeyAsync(id, default);
        using var revoked = await server.AskAsync(secret, "/");

        await server.Logs.UntilAsync("5001 ");
        Assert.DoesNotContain(server.Logs.Lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Store_ThatFails_LetsNobodyInAndSaysSo()
    {
        await using var server = await ApiServer.StartAsync(_time);
        var (_, secret) = await server.GivenKeyAsync("red");
        await using (var file = new SqliteConnection($"Data Source={server.Database}"))
        {
            await file.OpenAsync();
            await using var drop = file.CreateCommand();
            drop.CommandText = "DROP TABLE api_keys";
            await drop.ExecuteNonQueryAsync();
        }

        using var answer = await server.AskAsync(secret, ApiServer.Rock + "/sandboxes");

        Assert.Equal(503, (int)answer.StatusCode);
        Assert.Equal(
            """{"status":"Failed","message":"unavailable","error":"Who asks cannot be found out now; ask again.","result":null}""",
            await answer.Content.ReadAsStringAsync());
        await server.Logs.UntilAsync("5011 ");
        Assert.DoesNotContain(server.Logs.Lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    private static async Task<int> StatusAsync(ApiServer server, string? key)
    {
        using var answer = await server.AskAsync(key, "/");
        return (int)answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> TwoAsync(ApiServer server, string one, string other)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("X-API-Key", one);
        request.Headers.Add("Authorization", "Bearer " + other);
        return await server.Http.SendAsync(request);
    }

    /// <summary>As another process on the same database whose wake-ups do not arrive.</summary>
    private static async Task RevokeElsewhereAsync(ApiServer server, string id)
    {
        await using var elsewhere = Elsewhere(server);
        Assert.True(await elsewhere.GetRequiredService<ITenantStore>().TryRevokeKeyAsync(id, default));
    }

    private static ServiceProvider Elsewhere(ApiServer server) =>
        new ServiceCollection().AddLogging().AddSingleton(server.Get<TimeProvider>()).AddStandaloneStorage(server.Database)
            .BuildServiceProvider();
}
