using Sandbox.Serving.Engines;
using Sandbox.Serving.Plugins;

namespace Sandbox.Serving.Echo;

/// <summary>The engine of this assembly, as any assembly can bring one.</summary>
public sealed class EchoPlugin : IEnginePlugin
{
    internal const string Name = "echo";

    public EngineComponents Create() => new(
        new OpenAiEngine(Name) { Routes = ["/v1/models", "/v1/chat/completions", "/v1/completions"] },
        new EchoConfigurationBuilder(), new EngineDeploymentFactory(Name));
}
