namespace Sandbox.Serving.Engines;

/// <summary>Says what an engine takes of the cluster.</summary>
public interface IDeploymentFactory
{
    /// <param name="replicas">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no replicas.</exception>
    EngineDeployment Create(EngineLaunch launch, int replicas = 1);
}
