using Microsoft.Extensions.Time.Testing;
using Sandbox.Serving.Routing;

namespace Sandbox.Serving.Tests.Routing;

public sealed class ModelRouterTests : IDisposable
{
    private readonly ModelRouter _router;
    private double _drawn;

    public ModelRouterTests() => _router = new(new(), new FakeTimeProvider(), () => _drawn);

    public void Dispose() => _router.Dispose();

    [Theory]
    [InlineData(0, "small")]
    [InlineData(0.2499, "small")]
    [InlineData(0.25, "large")]
    [InlineData(0.9999, "large")]
    public void Alias_OfTwoModels_StandsForEachByItsWeight(double drawn, string expected)
    {
        Serve("small", "large");
        _router.SetAlias("chat", [new("small", 1), new("large", 3)]);
        _drawn = drawn;

        Assert.Equal(expected, _router.Resolve("chat"));
    }

    [Fact]
    public void Alias_WithAModelWithoutReplicas_StandsForTheOthers()
    {
        Serve("small");
        _router.AddModel("large");
        _router.SetAlias("chat", [new("small", 1), new("large", 1_000), new("gone", 1_000)]);
        _drawn = 0.9999;

        Assert.Equal("small", _router.Resolve("chat"));
    }

    [Fact]
    public void Alias_OfModelsThatAllSleep_StandsForOneThatItsRequestWakes()
    {
        _router.AddModel("large");
        _router.SetAlias("chat", [new("gone", 1), new("large", 1)]);

        Assert.Equal("large", _router.Resolve("chat"));
    }

    [Fact]
    public void Name_OfAModel_GoesBeforeAnAlias()
    {
        Serve("small", "large");
        _router.SetAlias("small", [new("large", 1)]);

        Assert.Equal("small", _router.Resolve("small"));
        _router.RemoveModel("small");
        Assert.Equal("large", _router.Resolve("small"));
        _router.RemoveAlias("small");
        Assert.Null(_router.Resolve("small"));
        Assert.Equal(["large"], _router.Models);
    }

    [Fact]
    public async Task Acquire_ByAlias_IsAPlaceAtItsModel()
    {
        Serve("small");
        _router.SetAlias("chat", [new("small", 1)]);

        var acquired = Assert.IsType<AcquireOutcome.Acquired>(
            await _router.AcquireAsync("chat", null, [], TestContext.Current.CancellationToken));

        Assert.Equal("small-0", acquired.Lease.Replica.Id);
        Assert.True(_router.TryGetModel("small", out var pool));
        Assert.Equal(1, pool.Outstanding["small-0"]);
    }

    [Fact]
    public async Task Acquire_OfAnUnknownModel_NamesIt() => Assert.Equal(
        new AcquireOutcome.UnknownModel("gpt"), await _router.AcquireAsync("gpt", null, [], TestContext.Current.CancellationToken));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Alias_WithAWeightThatIsNone_IsRefused(double weight)
    {
        Assert.Throws<ArgumentException>(() => _router.SetAlias("chat", [new("small", weight)]));
        Assert.Throws<ArgumentException>(() => _router.SetAlias("chat", []));
    }

    private void Serve(params string[] models)
    {
        foreach (var model in models)
        {
            _router.AddModel(model).Add(new($"{model}-0", new($"http://{model}:8000")));
        }
    }
}
