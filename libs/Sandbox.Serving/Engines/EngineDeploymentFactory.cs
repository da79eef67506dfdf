using Sandbox.Serving.Resources;

namespace Sandbox.Serving.Engines;

/// <summary>The deployment of an engine that runs on cores, on one GPU, or spread over several.</summary>
public sealed class EngineDeploymentFactory(string engine) : IDeploymentFactory
{
    public EngineDeployment Create(EngineLaunch launch, int replicas = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        return new(engine, launch, replicas, ResourcePlan.For(launch.TensorParallelSize, launch.UseCpu));
    }
}
