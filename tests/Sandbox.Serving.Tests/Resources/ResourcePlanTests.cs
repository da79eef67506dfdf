using Sandbox.Serving.BuiltIn;
using Sandbox.Serving.Resources;

namespace Sandbox.Serving.Tests.Resources;

public sealed class ResourcePlanTests
{
    [Theory]
    [Trait("Row", "36")]
    [InlineData("""{"model":"m","use_cpu":true}""", 4, 0, 1, PlacementStrategy.OneNode)]
    [InlineData("""{"model":"m","use_cpu":true,"tensor_parallel_size":4}""", 4, 0, 1, PlacementStrategy.OneNode)]
    [InlineData("""{"model":"m"}""", 2, 1, 1, PlacementStrategy.OneNode)]
    [InlineData("""{"model":"m","tensor_parallel_size":2}""", 2, 2, 2, PlacementStrategy.Pack)]
    [InlineData("""{"model":"m","tensor_parallel_size":8}""", 8, 8, 8, PlacementStrategy.Pack)]
    public void Plan_OfAConfiguration_IsWhatTheEngineNeeds(string json, int cpus, int gpus, int bundles, PlacementStrategy strategy)
    {
        foreach (var engine in BuiltInEngines.All.Where(engine => engine.Name is "vllm" or "sglang" or "llama-cpp"))
        {
            var plan = engine.Deployment.Create(engine.Configuration.Build(Json.Configuration(json))).Resources;

            Assert.Equal((cpus, gpus, bundles, strategy), (plan.Cpus, plan.Gpus, plan.Bundles.Length, plan.Strategy));
        }
    }

    [Fact]
    [Trait("Row", "36")]
    public void Plan_OverSeveralGpus_GivesEachACoreOfItsOwn() =>
        Assert.All(ResourcePlan.For(3, useCpu: false).Bundles, bundle => Assert.Equal(new ResourceBundle(1, 1), bundle));

    [Fact]
    public void Plan_OverNoGpu_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ResourcePlan.For(0, useCpu: false));

    [Fact]
    public void Deployment_WithoutReplicas_IsRefused()
    {
        var vllm = BuiltInEngines.All[0];
        var launch = vllm.Configuration.Build(Json.Configuration("""{"model":"m"}"""));

        Assert.Equal(3, vllm.Deployment.Create(launch, 3).Replicas);
        Assert.Throws<ArgumentOutOfRangeException>(() => vllm.Deployment.Create(launch, 0));
    }
}
