using System.Runtime.Loader;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Serving.Engines;
using Sandbox.Serving.Plugins;
using Sandbox.Testing;

namespace Sandbox.Serving.Tests.Plugins;

public sealed class EnginePluginTests
{
    private readonly ListLogger<EngineRegistry> _logger = new();

    [Fact]
    [Trait("Row", "33")]
    public void Engine_OfAnAssemblyInTheSettings_IsSelectedByItsName()
    {
        var registry = RegistryFor(("Serving:EngineAssemblies:0", EchoEngine.Assembly), ("Serving:DefaultEngine", "echo"));

        var engine = registry.Get("echo");
        var launch = engine.Configuration.Build(Json.Configuration("""{"model":"parrot","port":9000}"""));

        Assert.Equal(["vllm", "sglang", "ollama", "llama-cpp", "llama", "echo"], registry.Names);
        Assert.Same(engine, registry.Get());
        Assert.Equal(["--host", "127.0.0.1", "--port", "9000", "--model", "parrot"], launch.Arguments.Skip(1));
        Assert.True(File.Exists(launch.Arguments[0]), $"the plug-in names a program that is not there: {launch.Arguments[0]}");
        Assert.DoesNotContain(
            "Sandbox.Serving.Echo", AppDomain.CurrentDomain.GetAssemblies()
                .Where(assembly => AssemblyLoadContext.GetLoadContext(assembly) == AssemblyLoadContext.Default)
                .Select(assembly => assembly.GetName().Name));
    }

    [Fact]
    [Trait("Row", "33")]
    public void Assembly_ThatCannotBeLoaded_IsLoggedAndLeftOut()
    {
        var registry = RegistryFor(
            ("Serving:EngineAssemblies:0", "/nowhere/engine.dll"), ("Serving:EngineAssemblies:1", EchoEngine.Assembly));

        Assert.True(registry.IsRegistered("echo"), "the engine after the one that could not be loaded is missing");
        Assert.Contains("/nowhere/engine.dll could not be loaded", Assert.Single(_logger.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Default_ThatIsNoEngine_EndsTheStartWithTheNames() => Assert.Equal(
        "There is no engine 'vlm'. Engines: vllm, sglang, ollama, llama-cpp, llama.",
        Assert.Throws<UnknownEngineException>(() => RegistryFor(("Serving:DefaultEngine", "vlm"))).Message);

    [Fact]
    public void Load_WhatHasNoEngine_SaysWhy()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("broken.dll"), "no assembly");

        Assert.Equal(
            "The path of an engine's assembly must be absolute, not 'engine.dll'.",
            Assert.Throws<EnginePluginException>(() => EnginePluginLoader.Load("engine.dll")).Message);
        Assert.Contains(
            "has no public class that implements Sandbox.Serving.Plugins.IEnginePlugin",
            Assert.Throws<EnginePluginException>(() => EnginePluginLoader.Load(typeof(TempFolder).Assembly.Location)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "could not be loaded", Assert.Throws<EnginePluginException>(() => EnginePluginLoader.Load(folder.File("broken.dll"))).Message,
            StringComparison.Ordinal);
    }

    private EngineRegistry RegistryFor(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
        return new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<ILogger<EngineRegistry>>(_logger)
            .AddServing()
            .BuildServiceProvider()
            .GetRequiredService<EngineRegistry>();
    }
}
