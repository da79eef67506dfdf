using Microsoft.Extensions.DependencyInjection;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Cluster;

/// <summary>A worker that is one of several, over the standalone stores and a cluster in memory. No loop runs yet.</summary>
internal static class ClusterWorker
{
    public const string Secret = "a secret of the tests that is long enough";

    public static WorkerHost Build(
        string folder, INodeStore nodes, ILeaseStore leases, TimeProvider time, params (string Name, string Value)[] settings) =>
        WorkerHost.BuildCluster(
            folder,
            services =>
            {
                services.AddSingleton(nodes);
                services.AddSingleton(leases);
                services.AddSingleton(time);
            },
            [("Capacity:Cpus", "3"), ("Capacity:MemoryBytes", $"{1L << 30}"), ("Labels:zone", "eu"), .. settings]);

    public static NodeFacts Facts(string name) =>
        new(name, new Uri("http://127.0.0.1:1"), "127.0.0.1", new NodeCapacity(4, 8L << 30, long.MaxValue, 0),
            new Dictionary<string, string>(), [DeploymentKind.Docker], "1");

    public static NodeView View(string name, TimeSpan silence, bool left = false) =>
        new(Facts(name), new NodeLoad(Facts(name).Capacity, 0, Unavailable: null), 1, silence, Draining: false, left);
}
