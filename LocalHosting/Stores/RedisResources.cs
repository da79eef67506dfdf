namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>A Redis: here the program of the machine, published as a container.</summary>
    public class RedisResource(string name, ParameterResource password) : ContainerResource(name), IResourceWithConnectionString
    {
        internal const string PrimaryEndpointName = "tcp";

        public EndpointReference PrimaryEndpoint => new(this, PrimaryEndpointName);

        public ParameterResource? PasswordParameter { get; } = password;

        public ReferenceExpression ConnectionStringExpression =>
            ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)},password={PasswordParameter!}");

        public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
        [
            new("Host", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Host)}")),
            new("Port", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Port)}")),
            new("Password", ReferenceExpression.Create($"{PasswordParameter!}")),
            new("Uri", ReferenceExpression.Create(
                $"{PrimaryEndpoint.Property(EndpointProperty.Scheme)}://:{PasswordParameter!:uri}@{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}")),
        ];
    }
}

namespace Aspire.Hosting
{
    using Aspire.Hosting.ApplicationModel;

    public static class RedisBuilderExtensions
    {
        public static IResourceBuilder<RedisResource> AddRedis(
            this IDistributedApplicationBuilder builder, string name, int? port = null, IResourceBuilder<ParameterResource>? password = null)
        {
            var secret = password?.Resource ?? ParameterResourceBuilderExtensions.CreateDefaultPassword(builder, $"{name}-password");
            return builder.AddResource(new RedisResource(name, secret))
                .WithEndpoint(port: port, targetPort: 6379, name: RedisResource.PrimaryEndpointName, scheme: "redis")
                .WithImage("library/redis", "8.6").WithImageRegistry("docker.io")
                .WithEntrypoint("/bin/sh")
                .WithArgs("-c", "redis-server --requirepass $REDIS_PASSWORD")
                .WithEnvironment(context => context.EnvironmentVariables["REDIS_PASSWORD"] = secret)
                .WithAnnotation(new HealthCheckAnnotation($"{name}_check"));
        }
    }
}
