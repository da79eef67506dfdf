using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;
using Sandbox.Serving.Plugins;

namespace Sandbox.Serving.Tests;

/// <summary>The engine that these tests load and start.</summary>
internal static class EchoEngine
{
    public const string Name = "echo";

    /// <summary>Its assembly, built beside this one.</summary>
    public static string Assembly { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Sandbox.Serving.Echo",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "Sandbox.Serving.Echo.dll"));

    public static EngineComponents Components { get; } = Assert.Single(EnginePluginLoader.Load(Assembly));

    public static EngineConfiguration Configuration(params IEnumerable<(string Key, string Value)> values) =>
        new(values.Select(value => KeyValuePair.Create(value.Key, value.Value)));

    public static EngineRegistry Registry()
    {
        var registry = new EngineRegistry(NullLogger<EngineRegistry>.Instance);
        registry.Register(Components);
        return registry;
    }
}
