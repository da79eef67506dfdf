using System.Security.Cryptography;
using System.Text;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of tenants and keys promises.</summary>
public abstract class TenantStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    [Fact]
    public async Task Default_IsThereWithoutQuota()
    {
        Assert.Equal(new Tenant(Tenant.Default, TenantQuota.None), await Tenants.FindAsync(Tenant.Default, CancellationToken));
        Assert.False(await Tenants.HasKeysAsync(CancellationToken), "nobody made a key yet");
        Assert.Null(await Tenants.FindAsync("nobody", CancellationToken));
    }

    [Fact]
    public async Task Put_MakesAndChangesATenant()
    {
        var some = new TenantQuota(
            Sandboxes: 3, Cpus: 2.5, MemoryBytes: 1L << 40, CreatesPerMinute: 7, TotalSandboxes: 9, Gpus: 4, DiskBytes: 1L << 50);
        await Tenants.PutAsync(new Tenant("acme", some), CancellationToken);
        Assert.Equal(new Tenant("acme", some), await Tenants.FindAsync("acme", CancellationToken));

        await Tenants.PutAsync(new Tenant("acme", TenantQuota.None), CancellationToken);

        Assert.Equal(new Tenant("acme", TenantQuota.None), await Tenants.FindAsync("acme", CancellationToken));
        Assert.Equal(["acme", "default"], (await Tenants.ListAsync(CancellationToken)).Select(view => view.Tenant.Name));
    }

    [Fact]
    public async Task Key_IsFoundByItsHash_UntilItIsRevoked()
    {
        var key = Key("k1", "secret");
        Assert.True(await Tenants.TryAddKeyAsync(key, CancellationToken), "there is such a tenant");

        AssertSame(key, await FoundAsync("secret"));
        Assert.Null(await FoundAsync("other"));
        Assert.True(await Tenants.HasKeysAsync(CancellationToken), "there is a key");

        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await Tenants.TryRevokeKeyAsync("k1", CancellationToken), "it was good");
        Assert.Null(await FoundAsync("secret"));
        Assert.False(await Tenants.TryRevokeKeyAsync("k1", CancellationToken), "it was revoked before");
        Assert.False(await Tenants.TryRevokeKeyAsync("k2", CancellationToken), "there is no such key");
        Assert.False(await Tenants.HasKeysAsync(CancellationToken), "there is no good key any more");
        AssertSame(key with { RevokedAt = Time.GetUtcNow() }, Assert.Single(await Tenants.ListKeysAsync(CancellationToken)));
    }

    [Fact]
    public async Task Key_ThatExpires_IsNotFoundFromThenOn()
    {
        await Tenants.TryAddKeyAsync(Key("k1", "secret") with { ExpiresAt = Given.Now.AddMinutes(1), IsAdmin = true }, CancellationToken);

        Time.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromSeconds(1));
        Assert.True(await FoundAsync("secret") is { IsAdmin: true }, "it is good to the last second");
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await FoundAsync("secret"));
    }

    [Fact]
    public async Task Key_WithPermissions_KeepsThem()
    {
        var key = Key("k1", "secret") with { Permissions = [Permission.RolloutRead, Permission.RolloutApprove] };
        await Tenants.TryAddKeyAsync(key, CancellationToken);

        AssertSame(key, await FoundAsync("secret"));
        AssertSame(key, Assert.Single(await Tenants.ListKeysAsync(CancellationToken)));
    }

    [Fact]
    public async Task Key_OfATenantThatIsNot_IsRefused()
    {
        Assert.False(await Tenants.TryAddKeyAsync(Key("k1", "secret") with { Tenant = "nobody" }, CancellationToken));

        Assert.Empty(await Tenants.ListKeysAsync(CancellationToken));
    }

    [Fact]
    public async Task Keys_AreListedOldestFirst_WithoutTheirSecrets()
    {
        await Tenants.TryAddKeyAsync(Key("b", "2") with { CreatedAt = Given.Now.AddSeconds(1) }, CancellationToken);
        await Tenants.TryAddKeyAsync(Key("a", "1"), CancellationToken);

        Assert.Equal(["a", "b"], (await Tenants.ListKeysAsync(CancellationToken)).Select(key => key.Id));
    }

    private static ApiKey Key(string id, string secret) =>
        new(id, Tenant.Default, "for tests", Hash(secret), IsAdmin: false, Given.Now, ExpiresAt: null, RevokedAt: null);

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private static void AssertSame(ApiKey expected, ApiKey? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Sha256.ToArray(), actual.Sha256.ToArray());
        Assert.Equal(expected.Permissions, actual.Permissions);
        Assert.Equal(expected, actual with { Sha256 = expected.Sha256, Permissions = expected.Permissions });
    }

    private Task<ApiKey?> FoundAsync(string secret) => Tenants.FindKeyAsync(Hash(secret), CancellationToken);
}
