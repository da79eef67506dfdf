using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Testing.Postgres;

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

        Assert.Single(await host.Services.GetRequiredService<IJobStore>().ClaimAsync(new JobClaim("n", 9, TimeSpan.FromSeconds(9)), CancellationToken));
        Assert.NotNull(await host.Services.GetRequiredService<ILeaseStore>().TryAcquireAsync("head", "a", TimeSpan.FromSeconds(9), CancellationToken));
        Assert.NotNull(await host.Services.GetRequiredService<ILiveStore>().FindAsync(record.Id, record.Version, CancellationToken));
        Assert.NotNull(host.Services.GetRequiredService<ISandboxOperator>());
        await host.StopAsync(CancellationToken);
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

    private static IHost Build(string? connectionString)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IPlacement, Anywhere>().AddClusterStorage(connectionString);
        return builder.Build();
    }

    private sealed class Anywhere : IPlacement
    {
        public Task<SandboxError?> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken) => Task.FromResult<SandboxError?>(null);

        public Task<DeploymentKind> ChooseAsync(CancellationToken cancellationToken) => Task.FromResult(DeploymentKind.Local);
    }
}
