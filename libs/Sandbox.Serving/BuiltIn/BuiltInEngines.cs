using System.Collections.Immutable;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.BuiltIn;

/// <summary>The engines of this library; the first is the default.</summary>
public static class BuiltInEngines
{
    public static ImmutableArray<EngineComponents> All { get; } =
    [
        new(
            new OpenAiEngine(VllmConfigurationBuilder.Name), new VllmConfigurationBuilder(),
            new EngineDeploymentFactory(VllmConfigurationBuilder.Name)),
        new(
            new OpenAiEngine(SglangConfigurationBuilder.Name), new SglangConfigurationBuilder(),
            new EngineDeploymentFactory(SglangConfigurationBuilder.Name)),
        new(
            // Its root says that it runs; it has no other path for that.
            new OpenAiEngine(OllamaConfigurationBuilder.Name) { HealthPath = "/" }, new OllamaConfigurationBuilder(),
            new EngineDeploymentFactory(OllamaConfigurationBuilder.Name)),
        new(
            new OpenAiEngine(LlamaServerConfigurationBuilder.Name), new LlamaServerConfigurationBuilder(),
            new EngineDeploymentFactory(LlamaServerConfigurationBuilder.Name)),
        new(
            new OpenAiEngine(LlamaConfigurationBuilder.Name) { Routes = ["/v1/models", "/v1/chat/completions", "/v1/completions"] },
            new LlamaConfigurationBuilder(), new EngineDeploymentFactory(LlamaConfigurationBuilder.Name)),
    ];
}
