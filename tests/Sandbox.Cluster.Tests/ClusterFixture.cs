using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>Two APIs and three workers, on Docker, shared by tests that leave every process as they found it.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private ProcessCluster? _cluster;

    public ProcessCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster does not run.");

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            _cluster = await ProcessCluster.StartAsync(new ClusterSetup());
        }
    }

    public ValueTask DisposeAsync() => _cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}
