using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of environments promises.</summary>
public abstract class EnvironmentStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private const int Limit = 2;

    [Fact]
    public async Task Put_OfANewName_KeepsAllOfIt()
    {
        var given = Registered("red", "python") with
        {
            Owner = "o",
            Description = "d'\"ü",
            Tags = ["a", "b c"],
            ExtraSpec = """{"packages":["numpy"],"n":1.50}""",
        };

        AssertSame(given, await Environments.TryPutAsync(given, Limit, CancellationToken));
        await ReopenAsync();
        AssertSame(given, await Environments.FindAsync("red", "python", CancellationToken));
    }

    [Fact]
    public async Task Put_OfAKnownName_ReplacesAllButTheTimeOfCreation()
    {
        var first = Registered("red", "python") with { Tags = ["a"], ExtraSpec = "{}" };
        await Environments.TryPutAsync(first, Limit, CancellationToken);
        Time.Advance(TimeSpan.FromHours(1));
        var second = Registered("red", "python") with { Image = "python:3.13", Owner = "o" };

        var kept = await Environments.TryPutAsync(second, Limit, CancellationToken);

        AssertSame(second with { CreatedAt = first.CreatedAt }, kept);
        AssertSame(kept!, await Environments.FindAsync("red", "python", CancellationToken));
    }

    [Fact]
    public async Task Put_BeyondTheLimit_IsRefusedToThatTenantAndForNewNamesOnly()
    {
        Assert.NotNull(await Environments.TryPutAsync(Registered("red", "a"), Limit, CancellationToken));
        Assert.NotNull(await Environments.TryPutAsync(Registered("red", "b"), Limit, CancellationToken));

        Assert.Null(await Environments.TryPutAsync(Registered("red", "c"), Limit, CancellationToken));
        Assert.NotNull(await Environments.TryPutAsync(Registered("red", "b") with { Image = "other" }, Limit, CancellationToken));
        Assert.NotNull(await Environments.TryPutAsync(Registered("blue", "c"), Limit, CancellationToken));
        Assert.Equal(["a", "b"], (await Environments.ListAsync("red", CancellationToken)).Select(one => one.Name));
    }

    [Fact]
    public async Task Names_OfTwoTenants_AreApart()
    {
        await Environments.TryPutAsync(Registered("red", "python"), Limit, CancellationToken);

        Assert.Null(await Environments.FindAsync("blue", "python", CancellationToken));
        Assert.Empty(await Environments.ListAsync("blue", CancellationToken));
        Assert.False(await Environments.TryDeleteAsync("blue", "python", CancellationToken), "a tenant deletes its own only");
        Assert.True(await Environments.TryDeleteAsync("red", "python", CancellationToken), "its own it deletes");
        Assert.False(await Environments.TryDeleteAsync("red", "python", CancellationToken), "and only once");
        Assert.Null(await Environments.FindAsync("red", "python", CancellationToken));
    }

    private RegisteredEnvironment Registered(string tenant, string name) => new(tenant, name, "python:3.11")
    {
        CreatedAt = Time.GetUtcNow(),
        UpdatedAt = Time.GetUtcNow(),
    };

    private static void AssertSame(RegisteredEnvironment expected, RegisteredEnvironment? found)
    {
        Assert.NotNull(found);
        Assert.Equal(expected.Tags, found.Tags);
        Assert.Equal(expected, found with { Tags = expected.Tags });
    }
}
