using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Sandbox.Storage.Clusters;

/// <summary>The door to what all processes of a cluster have in common.</summary>
public static class ClusterRoom
{
    public static IServiceCollection AddCluster(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptionsWithValidateOnStart<ClusterOptions>().BindConfiguration(ClusterOptions.Section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClusterOptions>, ClusterChecks>());
        services.TryAddSingleton<ClusterSecret>();
        return services;
    }
}
