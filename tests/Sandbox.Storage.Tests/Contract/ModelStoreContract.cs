using System.Collections.Immutable;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Models;
using Sandbox.Domain.Specs;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of models promises.</summary>
public abstract class ModelStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private static readonly ModelRecord Parrot = new()
    {
        Tenant = "red",
        Name = "parrot",
        Version = 1,
        Engine = "echo",
        Configuration = new Dictionary<string, string> { ["model"] = "parrot", ["api_key"] = "sk-not-to-be-read" },
        ServedName = "parrot",
        Deployment = DeploymentKind.Local,
        Cpus = 0.5,
        Memory = "256m",
        MostReplicas = 2,
        LeastReplicas = 0,
        IdleTimeout = TimeSpan.FromMinutes(5),
        Aliases = ImmutableDictionary<string, double>.Empty.Add("bird", 0.5),
        CreatedAt = Given.Now,
        UsedAt = Given.Now,
    };

    [Fact]
    public async Task Add_OfANewName_KeepsAllOfIt_AndOfOneThatIsThereNothing()
    {
        Assert.True(await Models.TryAddAsync(Parrot, CancellationToken), "the name is free");
        Assert.False(await Models.TryAddAsync(Parrot with { Engine = "other" }, CancellationToken), "the tenant has one of that name");
        Assert.True(await Models.TryAddAsync(Parrot with { Tenant = "blue" }, CancellationToken), "names are the tenant's own");
        await ReopenAsync();

        AssertSame(Parrot, await FoundAsync("red"));
        Assert.Equal(["blue", "red"], (await Models.ListAsync(CancellationToken)).Select(model => model.Tenant));
        Assert.Null(await Models.FindAsync("red", "other", CancellationToken));
    }

    [Fact]
    public async Task Configuration_InItsRow_IsEncryptedForThatModelOnly()
    {
        await Models.TryAddAsync(Parrot, CancellationToken);
        await Models.TryAddAsync(Parrot with { Tenant = "blue" }, CancellationToken);

        await ExecuteAsync("UPDATE models SET configuration = (SELECT configuration FROM models WHERE tenant = 'red')");

        Assert.Equal("sk-not-to-be-read", (await FoundAsync("red")).Configuration["api_key"]);
        var moved = await FoundAsync("blue");
        Assert.True(moved.IsConfigurationUnreadable, "one model's configuration was not to decrypt for another");
        Assert.Empty(moved.Configuration);
    }

    [Fact]
    public async Task Write_OfTheNextVersion_ReplacesAllButTheConfiguration_AndLateWritersAreRefused()
    {
        await Models.TryAddAsync(Parrot, CancellationToken);
        var replica = new ModelReplica { Name = "parrot-1", Sandbox = SandboxId.New(), Port = 8000, ReadyAt = Given.Now, Failures = 3 };
        var next = Parrot with { Version = 2, IsAwake = false, Replicas = [replica], Configuration = new Dictionary<string, string>() };

        Assert.True(await Models.TryWriteAsync(next, CancellationToken), "it is the version after the one that is there");
        Assert.False(await Models.TryWriteAsync(next with { IsAwake = true }, CancellationToken), "another writer was first");
        Assert.False(await Models.TryWriteAsync(next with { Name = "other", Version = 2 }, CancellationToken), "there is no such model");

        AssertSame(next with { Configuration = Parrot.Configuration }, await FoundAsync("red"));
    }

    [Fact]
    public async Task Touch_GoesForwardOnly_AndChangesNoVersion()
    {
        await Models.TryAddAsync(Parrot, CancellationToken);

        await Models.TouchAsync("red", "parrot", Given.Now.AddSeconds(7), CancellationToken);
        await Models.TouchAsync("red", "parrot", Given.Now.AddSeconds(3), CancellationToken);
        await Models.TouchAsync("red", "other", Given.Now.AddSeconds(9), CancellationToken);

        var found = await FoundAsync("red");
        Assert.Equal((1, Given.Now.AddSeconds(7)), (found.Version, found.UsedAt));
    }

    [Fact]
    public async Task Remove_OfTheVersionThatIsThere_Removes_AndOfAnotherDoesNot()
    {
        await Models.TryAddAsync(Parrot, CancellationToken);

        Assert.False(await Models.TryRemoveAsync(Parrot with { Version = 2 }, CancellationToken), "it has another version");
        Assert.True(await Models.TryRemoveAsync(Parrot, CancellationToken), "it has this version");
        Assert.False(await Models.TryRemoveAsync(Parrot, CancellationToken), "it is gone");
        Assert.Empty(await Models.ListAsync(CancellationToken));
    }

    private static void AssertSame(ModelRecord expected, ModelRecord found)
    {
        Assert.Equal(expected.Configuration, found.Configuration);
        Assert.Equal(expected.Aliases, found.Aliases);
        Assert.Equal(expected.Replicas.AsEnumerable(), found.Replicas);
        Assert.Equal(
            expected with { Configuration = found.Configuration, Aliases = found.Aliases, Replicas = found.Replicas }, found);
    }

    private async Task<ModelRecord> FoundAsync(string tenant) =>
        await Models.FindAsync(tenant, "parrot", CancellationToken) ?? throw new InvalidOperationException($"{tenant} has no parrot");
}
