using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Backends;

/// <summary>The model that a <see cref="ServeBackend"/> has started.</summary>
internal sealed record ServedModel(IEngine Engine, EngineDeployment Deployment, ReadinessCheck Readiness)
{
    public string Application => $"{Engine.Name}-app";

    public SecretRedactor Redactor { get; } = new(Deployment.Launch.Secrets.Values);
}
