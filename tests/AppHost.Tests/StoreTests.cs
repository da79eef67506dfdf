using Npgsql;

namespace AppHost.Tests;

/// <summary>Where the stack's Postgres and Redis are: containers, other images, or servers that are run elsewhere.</summary>
public sealed class StoreTests
{
    private const string Scratch = "--scratch=/tmp/unused";

    [Fact]
    public async Task Stores_WhoseConnectionStringsAreGiven_AreNoContainersAndTheirTextsArePassedOn()
    {
        string[] given =
        [
            Scratch,
            "--ConnectionStrings:sandbox=Host=db.example;Username=u;Password='a;b';Database=d",
            "--ConnectionStrings:redis=cache.example:6380,password=x",
        ];
        await using var builder = await FloorPlan.ReadAsync(given);

        var variables = await FloorPlan.EnvironmentAsync("node-1", given);

        Assert.DoesNotContain(builder.Resources, resource => resource is PostgresServerResource or RedisResource);
        Assert.Equal("Host=db.example;Username=u;Password='a;b';Database=d", variables["ConnectionStrings__sandbox"]);
        Assert.Equal("cache.example:6380,password=x", variables["ConnectionStrings__redis"]);
    }

    [Theory]
    [InlineData("p;w x")]
    [InlineData("a,b$c@d%e&f=g")]
    [InlineData(" leading and trailing ")]
    [InlineData("pässword\\n")]
    public async Task DatabasePassword_WithWhateverCharacters_ReachesAProcessAsItWasGiven(string password)
    {
        var variables = await FloorPlan.EnvironmentAsync("api", Scratch, $"--Parameters:database-password={password}");

        var read = new NpgsqlConnectionStringBuilder(variables["ConnectionStrings__sandbox"]);

        Assert.Equal((password, "sandbox", "postgres"), (read.Password, read.Database, read.Username));
    }

    [Fact]
    public async Task DatabasePassword_WithWhateverCharacters_IsNotCutWhereTheAppHostItselfUsesIt()
    {
        await using var builder = await FloorPlan.ReadAsync(Scratch, "--Parameters:database-password=p;w x");
        foreach (var endpoint in builder.Find("postgres").Annotations.OfType<EndpointAnnotation>())
        {
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 4001);
        }

        await using var app = await builder.BuildAsync(TestContext.Current.CancellationToken);
        var postgres = (IResourceWithConnectionString)builder.Find("postgres");
        var text = await postgres.GetConnectionStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("p;w x", new NpgsqlConnectionStringBuilder(text).Password);
    }

    [Fact]
    public async Task Images_ThatAreNamed_TakeThePlaceOfTheOfficialOnes()
    {
        await using var builder = await FloorPlan.ReadAsync(
            Scratch, "--postgres-image", "registry.example:5000/team/pg:17", "--redis-image", "cache");

        Assert.Equal(("registry.example:5000", "team/pg", "17"), ImageOf(builder, "postgres"));
        Assert.Equal((null, "cache", "latest"), ImageOf(builder, "redis"));
    }

    [Fact]
    public async Task Data_OfAStackThatIsKept_LiesInVolumesOfItsName_AndOfAScratchStackInNone()
    {
        await using var kept = await FloorPlan.ReadAsync("--stack", "mine");
        await using var scratch = await FloorPlan.ReadAsync(Scratch);

        Assert.Equal(["sandbox-mine-postgres"], VolumesOf(kept, "postgres"));
        Assert.Equal(["sandbox-mine-redis"], VolumesOf(kept, "redis"));
        Assert.Empty(VolumesOf(scratch, "postgres"));
        var clusterId = Assert.IsType<ParameterResource>(kept.Find("cluster-id"));
        Assert.Equal("local-mine", await clusterId.GetValueAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("library/redis:8.6", null, "library/redis", "8.6")]
    [InlineData("localhost/redis", "localhost", "redis", "latest")]
    [InlineData("host:5000/a/b", "host:5000", "a/b", "latest")]
    [InlineData("redis:7", null, "redis", "7")]
    public void ImageName_OfAText_IsReadInItsParts(string text, string? registry, string image, string tag) =>
        Assert.Equal(new ImageName(registry, image, tag), ImageName.Parse(text));

    private static (string? Registry, string Image, string? Tag) ImageOf(IDistributedApplicationTestingBuilder builder, string name)
    {
        var image = builder.Find(name).Annotations.OfType<ContainerImageAnnotation>().Last();
        return (image.Registry, image.Image, image.Tag);
    }

    private static IEnumerable<string?> VolumesOf(IDistributedApplicationTestingBuilder builder, string name) =>
        builder.Find(name).Annotations.OfType<ContainerMountAnnotation>().Select(mount => mount.Source);
}
