using Microsoft.Extensions.Configuration;

namespace AppHost;

/// <summary>
/// Postgres and Redis: containers, or the servers behind <c>ConnectionStrings__sandbox</c> and <c>ConnectionStrings__redis</c>.
/// </summary>
internal static class Stores
{
    public const string Database = "sandbox";
    public const string Redis = "redis";

    /// <summary>Names another image of Postgres.</summary>
    public const string PostgresImage = "postgres-image";

    /// <summary>Names another image of Redis.</summary>
    public const string RedisImage = "redis-image";

    public static (IResourceBuilder<IResourceWithConnectionString> Database, IResourceBuilder<IResourceWithConnectionString> Redis)
        AddStores(this IDistributedApplicationBuilder builder, FloorSettings floor) =>
        (IsGiven(builder, Database) ? builder.AddConnectionString(Database) : builder.AddPostgresContainer(floor),
            IsGiven(builder, Redis) ? builder.AddConnectionString(Redis) : builder.AddRedisContainer(floor));

    private static bool IsGiven(IDistributedApplicationBuilder builder, string name) =>
        builder.Configuration.GetConnectionString(name) is { Length: > 0 };

    private static IResourceBuilder<PostgresDatabaseResource> AddPostgresContainer(
        this IDistributedApplicationBuilder builder, FloorSettings floor)
    {
        var password = builder
            .AddParameter(
                "database-password", new GenerateParameterDefault { MinLength = 24, Special = false }, secret: true, persist: floor.IsKept)
            .WithIconName("Key");
        var postgres = builder.AddPostgres("postgres", password: password)
            .WithOtherImage(builder.Configuration[PostgresImage])
            .WithIconName("Database");
        password.WithParentRelationship(postgres);

        // Aspire's own text has the password bare, where a semicolon would end it.
        var server = postgres.Resource;
        var quoted = ReferenceExpression.Create(
            $"Host={server.Host};Port={server.Port};Username={server.UserNameReference};Password='{password.Resource}'");
        postgres.WithAnnotation(new ConnectionStringRedirectAnnotation(new ConnectionStringResource("postgres-quoted", quoted)));
        if (floor.IsKept)
        {
            postgres.WithDataVolume(VolumeName(builder, floor, "postgres"));
        }

        if (!builder.ExecutionContext.IsRunMode)
        {
            // Where a person starts it, the AppHost makes the database; elsewhere the image does.
            postgres.WithEnvironment("POSTGRES_DB", Database);
        }

        return postgres.AddDatabase(Database);
    }

    private static IResourceBuilder<RedisResource> AddRedisContainer(this IDistributedApplicationBuilder builder, FloorSettings floor)
    {
        var password = builder
            .AddParameter(
                "redis-password", new GenerateParameterDefault { MinLength = 24, Special = false }, secret: true, persist: floor.IsKept)
            .WithIconName("Key");

        // A development certificate in the home folder would switch it to TLS; it is reached from this machine only.
        var redis = builder.AddRedis(Redis, password: password)
            .WithoutHttpsCertificate()
            .WithOtherImage(builder.Configuration[RedisImage])
            .WithIconName("Flash");
        password.WithParentRelationship(redis);
        return floor.IsKept ? redis.WithDataVolume(VolumeName(builder, floor, "redis")) : redis;
    }

    /// <summary>A volume of this stack's own: two stacks on one would be two servers on one set of files.</summary>
    private static string VolumeName(IDistributedApplicationBuilder builder, FloorSettings floor, string store) =>
        builder.ExecutionContext.IsRunMode ? $"sandbox-{floor.Stack}-{store}" : $"sandbox-{store}";

    private static IResourceBuilder<T> WithOtherImage<T>(this IResourceBuilder<T> store, string? image)
        where T : ContainerResource
    {
        if (image is { Length: > 0 })
        {
            ImageName.Parse(image).ApplyTo(store.Resource.Annotations.OfType<ContainerImageAnnotation>().Last());
        }

        return store;
    }
}
