using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Cluster;
using Sandbox.Kubernetes.Cluster;
using Sandbox.Kubernetes.Objects;
using Sandbox.Kubernetes.Templates;
using Sandbox.Kubernetes.Watching;
using Sandbox.Node.Deployments;
using Sandbox.Node.Diagnostics;

namespace Sandbox.Kubernetes;

/// <summary>Registers what runs sandboxes in Kubernetes.</summary>
public static class KubernetesServiceCollectionExtensions
{
    /// <summary>Sandboxes as pods instead of on this machine. Needs stores, and a node without deployments of its own
    /// (<c>AddClusterNode</c>).</summary>
    public static IServiceCollection AddKubernetes(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<KubernetesOptions, KubernetesOptionsValidator>()
            .BindConfiguration(KubernetesOptions.Section);
        services.AddSingleton<IValidateOptions<KubernetesOptions>, KubernetesOptionsCheck>();
        services.AddSecretFile(
            $"{KubernetesOptions.Section}:{nameof(KubernetesOptions.ImageAuthKeyFile)}",
            provider => provider.GetRequiredService<IOptions<KubernetesOptions>>().Value.ImageAuthKeyFile);
        services.AddSingleton<PodTemplates>().AddSingleton<PodChoice>().AddSingleton<ImageAuth>().AddSingleton<SandboxManifests>();
        services.AddSingleton<ClusterConnection>().AddSingleton<ApiCalls>().AddSingleton<ClusterApi>();
        services.AddSingleton(provider => new ClusterView(Watched(provider.GetRequiredService<IOptions<KubernetesOptions>>().Value)));
        services.AddSingleton<IDeployment, KubernetesDeployment>().AddSingleton<IDiagnosticSource, KubernetesDiagnostics>();
        return services.AddSingleton<ViewUpdates>().AddHostedService<ClusterWatch>();
    }

    private static ObjectKind[] Watched(KubernetesOptions options) =>
        options.IsPodMode ? [ObjectKind.Pod, ObjectKind.Secret] : [ObjectKind.Pod, ObjectKind.Batch, ObjectKind.Secret];
}
