using Sandbox.Serving.Configuration;
using Sandbox.Serving.Resources;

namespace Sandbox.Serving.Engines;

/// <summary>Replicas of one engine with one model: what is placed and kept running.</summary>
/// <param name="Engine">The engine's name.</param>
/// <param name="Replicas">At least 1.</param>
/// <param name="Resources">Of each replica.</param>
public sealed record EngineDeployment(string Engine, EngineLaunch Launch, int Replicas, ResourcePlan Resources)
{
    /// <summary>What the launch was built of, for a runner that builds one for each replica; null where it is not known.</summary>
    public EngineConfiguration? Configuration { get; init; }
}
