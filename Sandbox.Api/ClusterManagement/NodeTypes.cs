namespace Sandbox.Api.ClusterManagement;

/// <summary>The kinds of nodes, as they travel.</summary>
internal static class NodeTypes
{
    public const string Head = "head", Worker = "worker", GpuWorker = "gpu-worker";
}
