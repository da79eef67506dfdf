using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Encryption;
using Sandbox.Storage.Redis;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Storage.Tests.Redis;
using Sandbox.Testing.Postgres;
using Sandbox.Testing.Redis;

namespace Sandbox.Storage.Tests;

public sealed class ClusterStorageTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [NeedsPostgresFact]
    public async Task Start_OnAnEmptyDatabase_MigratesItAndOffersEveryDoor()
    {
        using var host = Build(await (await PostgresServer.SharedAsync()).NewDatabaseAsync());
        await host.StartAsync(CancellationToken);
        var record = Given.Pending();

        await host.Services.GetRequiredService<ISandboxStore>().TryCreateAsync(record, Given.StartOf(record), CancellationToken);

        Assert.Single(
            await host.Services.GetRequiredService<IJobStore>()
            .ClaimAsync(new JobClaim("n", 9, TimeSpan.FromSeconds(9)), CancellationToken));
        Assert.NotNull(
            await host.Services.GetRequiredService<ILeaseStore>().TryAcquireAsync("head", "a", TimeSpan.FromSeconds(9), CancellationToken));
        Assert.True(
            await host.Services.GetRequiredService<ILiveStore>().FindAsync(record.Id, record.Version, CancellationToken) is null,
            "without Redis there are no live entries");
        Assert.Empty(await host.Services.GetRequiredService<INodeStore>().ListAsync(CancellationToken));
        Assert.Equal(
            [Tenant.Default],
            (await host.Services.GetRequiredService<ITenantStore>().ListAsync(CancellationToken)).Select(view => view.Tenant.Name));
        Assert.NotNull(host.Services.GetRequiredService<ISandboxOperator>());
        await host.StopAsync(CancellationToken);
    }

    [NeedsPostgresFact]
    public async Task Start_WithRedis_UsesIt_AndDoesNotNeedIt()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var redis = RedisServer.Absent();
        using var host = Build(database, redis.ConnectionString);
        await host.StartAsync(CancellationToken);
        var (store, live) = (host.Services.GetRequiredService<ISandboxStore>(), host.Services.GetRequiredService<ILiveStore>());
        var record = Given.Pending();

        Assert.True(
            (await store.TryCreateAsync(record, Given.StartOf(record), CancellationToken)).TryGet(out _, out var error), error?.Text);
        Assert.Null(await live.FindAsync(record.Id, record.Version, CancellationToken));
        await redis.StartAgainAsync();
        await RedisClient.Happens(host.Services.GetRequiredService<RedisConnection>().Closed, "Redis is used when it comes");
        var other = Given.Pending();
        await store.TryCreateAsync(other, Given.StartOf(other), CancellationToken);

        Assert.NotNull(await live.FindAsync(other.Id, other.Version, CancellationToken));
        await host.StopAsync(CancellationToken);
    }

    [Theory]
    [InlineData("password=hunter2")]
    [InlineData("here:6379,password=hunter2,colour=blue")]
    public void ConnectionString_OfNoRedis_IsRefusedByTheNameOfItsKey(string redis)
    {
        var error = Assert.Throws<StorageUnavailableException>(() => Build("Host=x", redis));

        Assert.StartsWith("ConnectionStrings:redis: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    [InlineData("postgres.example")]
    [InlineData("Host=x;Password=hunter2;Colour=blue")]
    [InlineData("Host=x;Password=hunter2;Port=many")]
    public void ConnectionString_ThatIsNone_IsRefusedByTheNameOfItsKey(string? connectionString)
    {
        var error = Assert.Throws<StorageUnavailableException>(() => Build(connectionString));

        Assert.StartsWith("ConnectionStrings:sandbox: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [NeedsPostgresFact]
    public async Task ConnectionString_OfADatabaseThatIsNotThere_RefusesTheStart()
    {
        var server = await PostgresServer.SharedAsync();
        using var host = Build(server.ConnectionString("nowhere") + ";Password=hunter2");

        var error = await Assert.ThrowsAsync<StorageUnavailableException>(() => host.StartAsync(CancellationToken));

        Assert.StartsWith("ConnectionStrings:sandbox: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    private static IHost Build(string? connectionString, string? redis = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        // What Redis says is heard, also on a machine that takes long for it.
        builder.Configuration["Redis:CallTimeout"] = "00:00:05";
        builder.Services.AddSingleton<IPlacement, Anywhere>().AddSingleton(new FieldCipher([new byte[FieldCipher.SecretLength]]));
        builder.Services.AddClusterStorage(connectionString, redis).AddSandboxOperator();
        return builder.Build();
    }

    private sealed class Anywhere : IPlacement
    {
        public Task<SandboxError?> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken) =>
            Task.FromResult<SandboxError?>(null);

        public Task<DeploymentKind> ChooseAsync(CancellationToken cancellationToken) => Task.FromResult(DeploymentKind.Local);
    }
}
