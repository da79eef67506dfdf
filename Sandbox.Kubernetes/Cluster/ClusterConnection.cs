using k8s;
using Microsoft.Extensions.Options;

namespace Sandbox.Kubernetes.Cluster;

/// <summary>The client of the API server, made when it is first needed.</summary>
internal sealed class ClusterConnection(IOptions<KubernetesOptions> options) : IDisposable
{
    private readonly Lazy<k8s.Kubernetes> _client = new(() => new k8s.Kubernetes(Configuration(options.Value)));

    public IKubernetes Client => _client.Value;

    public void Dispose()
    {
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }

    private static KubernetesClientConfiguration Configuration(KubernetesOptions options)
    {
        var configuration = (options.Server, options.KubeConfig) switch
        {
            ({ Length: > 0 } server, "") => new KubernetesClientConfiguration { Host = server },
            (_, { Length: > 0 } file) =>
                KubernetesClientConfiguration.BuildConfigFromConfigFile(file, masterUrl: options.Server.Length > 0 ? options.Server : null),
            _ => KubernetesClientConfiguration.BuildDefaultConfig(),
        };

        // Each call has a limit of its own, and a watch none.
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        return configuration;
    }
}
