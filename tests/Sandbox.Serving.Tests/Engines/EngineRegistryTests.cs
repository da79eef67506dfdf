using Sandbox.Serving.BuiltIn;
using Sandbox.Serving.Engines;
using Sandbox.Testing;

namespace Sandbox.Serving.Tests.Engines;

[Trait("Row", "32")]
public sealed class EngineRegistryTests
{
    private readonly ListLogger<EngineRegistry> _logger = new();

    [Fact]
    public void Register_TheFirst_IsTheDefaultUntilAnotherIsToBe()
    {
        var registry = Registry("one", "two");

        Assert.Equal("one", registry.Default);
        registry.Register(Engine("three"), asDefault: true);
        Assert.Equal("three", registry.Default);
        registry.SetDefault("two");
        Assert.Equal("two", registry.Get().Name);
        Assert.Equal(["one", "two", "three"], registry.Names);
    }

    [Fact]
    public void Register_ANameAgain_TakesItsPlaceWithAWarning()
    {
        var registry = Registry("one", "two");
        var later = Engine("one");

        registry.Register(later);

        Assert.Same(later, registry.Get("one"));
        Assert.Equal(["one", "two"], registry.Names);
        Assert.Contains("Warning: Engine one was registered already", Assert.Single(_logger.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Unregister_TheDefault_MakesTheFirstOfTheOthersTheDefault()
    {
        var registry = Registry("one", "two", "three");
        registry.SetDefault("two");

        registry.Unregister("two");
        Assert.Equal("one", registry.Default);
        registry.Unregister("three");
        Assert.Equal("one", registry.Default);
        registry.Unregister("one");
        Assert.Null(registry.Default);
    }

    [Fact]
    public void Get_AnUnknownName_ListsThoseThatThereAre()
    {
        var registry = Registry("one", "two");

        Assert.False(registry.IsRegistered("three"));
        Assert.True(registry.IsRegistered("two"));
        Assert.All(
            [() => registry.Get("three"), () => registry.SetDefault("three"), () => registry.Unregister("three")],
            (Action ask) => Assert.Equal(
                "There is no engine 'three'. Engines: one, two.", Assert.ThrowsAny<KeyNotFoundException>(ask).Message));
        Assert.Equal(["one", "two"], registry.Names);
    }

    [Fact]
    public void Get_TheDefaultOfNone_IsRefused()
    {
        var registry = Registry();

        Assert.Throws<InvalidOperationException>(() => registry.Get());
        Assert.Equal("There is no engine 'one'. Engines: none.", Assert.Throws<UnknownEngineException>(() => registry.Get("one")).Message);
    }

    [Fact]
    public void BuiltIn_Engines_AreFourWithVllmFirst() =>
        Assert.Equal(["vllm", "sglang", "ollama", "llama-cpp", "llama"], BuiltInEngines.All.Select(engine => engine.Name));

    [Fact]
    public void Registry_ChangedByManyThreads_KeepsEachEngineOnceAndADefaultThatIsThere()
    {
        var registry = Registry("kept");

        Parallel.For(0, 64, index =>
        {
            var name = $"engine-{index % 8}";
            registry.Register(Engine(name), asDefault: index % 3 == 0);
            Assert.Equal(name, registry.Get(name).Name);
            Assert.NotNull(registry.Get());
        });

        Assert.Equal(9, registry.Names.Distinct().Count());
        Assert.Equal(9, registry.Names.Length);
        Assert.Contains(registry.Default, registry.Names);
    }

    private EngineRegistry Registry(params string[] names)
    {
        var registry = new EngineRegistry(_logger);
        foreach (var name in names)
        {
            registry.Register(Engine(name));
        }

        return registry;
    }

    private static EngineComponents Engine(string name) =>
        new(new OpenAiEngine(name), BuiltInEngines.All[0].Configuration, new EngineDeploymentFactory(name));
}
