namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>A Postgres: here the programs of the machine, published as a container.</summary>
    public class PostgresServerResource(string name, ParameterResource? userName, ParameterResource password) : ContainerResource(name), IResourceWithConnectionString
    {
        internal const string PrimaryEndpointName = "tcp";
        private const string DefaultUserName = "postgres";

        private readonly Dictionary<string, string> _databases = new(StringComparer.OrdinalIgnoreCase);

        public ParameterResource? UserNameParameter { get; } = userName;

        public ParameterResource PasswordParameter { get; } = password;

        public EndpointReference PrimaryEndpoint => new(this, PrimaryEndpointName);

        public ReferenceExpression UserNameReference => UserNameParameter is null
            ? ReferenceExpression.Create($"{DefaultUserName}")
            : ReferenceExpression.Create($"{UserNameParameter}");

        /// <summary>Names of databases by the names of their resources.</summary>
        public IReadOnlyDictionary<string, string> Databases => _databases;

        public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
            $"Host={Host};Port={Port};Username={UserNameReference};Password={PasswordParameter}");

        private EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);

        private EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

        public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
        [
            new("Host", ReferenceExpression.Create($"{Host}")),
            new("Port", ReferenceExpression.Create($"{Port}")),
            new("Username", UserNameReference),
            new("Password", ReferenceExpression.Create($"{PasswordParameter}")),
            new("Uri", Uri("")),
            new("JdbcConnectionString", Jdbc("")),
        ];

        internal void AddDatabase(string resource, string database) => _databases.TryAdd(resource, database);

        /// <param name="path">Empty, or a slash and a database.</param>
        internal ReferenceExpression Uri(string path) => UserNameParameter is null
            ? ReferenceExpression.Create($"postgresql://{DefaultUserName}:{PasswordParameter:uri}@{Host}:{Port}{path}")
            : ReferenceExpression.Create($"postgresql://{UserNameParameter:uri}:{PasswordParameter:uri}@{Host}:{Port}{path}");

        internal ReferenceExpression Jdbc(string path) => ReferenceExpression.Create($"jdbc:postgresql://{Host}:{Port}{path}");
    }

    public class PostgresDatabaseResource(string name, string databaseName, PostgresServerResource postgresParentResource)
        : Resource(name), IResourceWithParent<PostgresServerResource>, IResourceWithConnectionString
    {
        public PostgresServerResource Parent { get; } = postgresParentResource;

        public string DatabaseName { get; } = databaseName;

        public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{Parent};Database={DatabaseName}");

        public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
        [
            .. Parent.GetConnectionProperties().Where(property => property.Key is not ("Uri" or "JdbcConnectionString")),
            new("Uri", Parent.Uri("/" + System.Uri.EscapeDataString(DatabaseName))),
            new("JdbcConnectionString", Parent.Jdbc("/" + System.Uri.EscapeDataString(DatabaseName))),
            new("DatabaseName", ReferenceExpression.Create($"{DatabaseName}")),
        ];
    }
}

namespace Aspire.Hosting
{
    using Aspire.Hosting.ApplicationModel;

    public static class PostgresBuilderExtensions
    {
        public static IResourceBuilder<PostgresServerResource> AddPostgres(
            this IDistributedApplicationBuilder builder, string name, IResourceBuilder<ParameterResource>? userName = null,
            IResourceBuilder<ParameterResource>? password = null, int? port = null)
        {
            var server = new PostgresServerResource(
                name, userName?.Resource, password?.Resource ?? ParameterResourceBuilderExtensions.CreateDefaultPassword(builder, $"{name}-password"));
            return builder.AddResource(server)
                .WithEndpoint(port: port, targetPort: 5432, name: PostgresServerResource.PrimaryEndpointName)
                .WithImage("library/postgres", "18.3").WithImageRegistry("docker.io")
                .WithEnvironment("POSTGRES_HOST_AUTH_METHOD", "scram-sha-256")
                .WithEnvironment("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256 --auth-local=scram-sha-256")
                .WithEnvironment("POSTGRES_USER", server.UserNameReference)
                .WithEnvironment(context => context.EnvironmentVariables["POSTGRES_PASSWORD"] = server.PasswordParameter)
                .WithAnnotation(new HealthCheckAnnotation($"{name}_check"));
        }

        public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
            this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
        {
            builder.Resource.AddDatabase(name, databaseName ?? name);
            return builder.ApplicationBuilder.AddResource(new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource))
                .WithAnnotation(new HealthCheckAnnotation($"{name}_check"));
        }

        /// <summary>Keeps what it holds from one run to the next.</summary>
        public static IResourceBuilder<PostgresServerResource> WithDataVolume(
            this IResourceBuilder<PostgresServerResource> builder, string? name = null, bool isReadOnly = false) =>
            builder.WithVolume(name ?? $"{builder.Resource.Name}-data", "/var/lib/postgresql", isReadOnly);
    }
}
