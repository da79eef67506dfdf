using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>Two APIs and three workers, on Docker, shared by tests that leave every process as they found it.</summary>
public class ClusterFixture : IAsyncLifetime
{
    private ProcessCluster? _cluster;

    public ProcessCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster does not run.");

    protected virtual ClusterSetup Setup { get; } = new();

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            _cluster = await ProcessCluster.StartAsync(Setup);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
        GC.SuppressFinalize(this);
    }
}

/// <summary>The same without a Redis.</summary>
public sealed class ClusterWithoutRedisFixture : ClusterFixture
{
    protected override ClusterSetup Setup { get; } = new() { HasRedis = false };
}
