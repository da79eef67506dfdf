using Sandbox.Api.Auth;
using Sandbox.Api.Cluster;
using Sandbox.Cluster;
using Sandbox.Domain.Operators;
using Sandbox.Storage.Encryption;

namespace Sandbox.Api;

/// <summary>Registers the services of an API whose sandboxes run on other machines.</summary>
public static class ClusteredApiServiceCollectionExtensions
{
    /// <summary>All that <see cref="ApiServiceCollectionExtensions.AddApi"/> adds, with the connections through the workers and the
    /// placement on the cluster's nodes. Needs the cluster's stores.</summary>
    public static IServiceCollection AddClusterApi(this IServiceCollection services)
    {
        services.AddCluster().AddApi();
        services.AddSingleton(provider => new FieldCipher(provider.GetRequiredService<ClusterSecret>().RecordSecrets()));
        services.AddSingleton<NodeDirectory>().AddHostedService(provider => provider.GetRequiredService<NodeDirectory>());
        services.AddHostedService<ClusterTelemetry>().AddHostedService<PlainHttpWarning>();
        services.AddSingleton<NodeConnectionPool>();
        services.AddSingleton<IPlacement, ClusterPlacement>().AddSingleton<INodeUsage, ClusterNodeUsage>()
            .AddSingleton<INodeDiagnostics, ClusterNodeDiagnostics>().AddSingleton<ISandboxLogs, ClusterSandboxLogs>()
            .AddSingleton<IEgressControl, ClusterEgressControl>().AddSingleton<INodeMaintenance, ClusterNodeMaintenance>();
        return services.AddSingleton<IAgentGateway, ClusterAgentGateway>();
    }
}
