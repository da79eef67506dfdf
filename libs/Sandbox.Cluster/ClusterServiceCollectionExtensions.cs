using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster;

/// <summary>Registers what all processes of a cluster have in common.</summary>
public static class ClusterServiceCollectionExtensions
{
    public static IServiceCollection AddCluster(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptionsWithValidateOnStart<ClusterOptions>().BindConfiguration(ClusterOptions.Section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClusterOptions>, ClusterChecks>());
        services.TryAddSingleton<ClusterSecret>();
        return services
            .AddSecretFile($"{ClusterOptions.Section}:{nameof(ClusterOptions.SecretFile)}", Cluster(options => options.SecretFile))
            .AddSecretFile(
                $"{ClusterOptions.Section}:{nameof(ClusterOptions.FormerSecretFile)}", Cluster(options => options.FormerSecretFile));
    }

    /// <summary>Has a file of keys or secrets looked at before the process starts (<see cref="SecretFileCheck"/>).</summary>
    /// <param name="path">Empty: none is named.</param>
    public static IServiceCollection AddSecretFile(this IServiceCollection services, string setting, Func<IServiceProvider, string> path)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SecretFileCheck>());
        return services.AddSingleton(provider => new SecretFile(setting, path(provider)));
    }

    private static Func<IServiceProvider, string> Cluster(Func<ClusterOptions, string> path) =>
        provider => path(provider.GetRequiredService<IOptions<ClusterOptions>>().Value);
}
