namespace Sandbox.Serving.Engines;

/// <summary>An engine with what makes it start: all that a registry has to know.</summary>
public sealed record EngineComponents(IEngine Engine, IEngineConfigurationBuilder Configuration, IDeploymentFactory Deployment)
{
    public string Name => Engine.Name;
}
