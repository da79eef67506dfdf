using Sandbox.Domain.Specs;
using Sandbox.Kubernetes.Pools;

namespace Sandbox.Kubernetes.Tests.Pools;

public sealed class PoolChoiceTests
{
    private static readonly PoolOptions[] Pools =
    [
        new() { Name = "large", Image = "python:3", Cpus = 8, Memory = "32g" },
        new() { Name = "medium", Image = "python:3", Cpus = 4, Memory = "8g", Disk = "20g" },
        new() { Name = "small", Image = "python:3", Cpus = 1, Memory = "2g", Disk = "10g" },
        new() { Name = "other", Image = "node:22", Cpus = 1, Memory = "1g" },
    ];

    [Theory]
    [InlineData("python:3", 1, "1g", "10g", "small")]
    [InlineData("python:3", 2, "1g", "10g", "medium")]
    [InlineData("python:3", 1, "4g", "10g", "medium")]
    [InlineData("python:3", 1, "1g", "50g", "large")]
    [InlineData("python:3", 8, "32g", null, "large")]
    [InlineData("python:3", 9, "1g", null, null)]
    [InlineData("python:3.1", 1, "1g", null, null)]
    [InlineData("node:22", 1, "1g", "100g", "other")]
    public void Choice_IsTheLeastThatIsEnough(string image, double cpus, string memory, string? disk, string? expected)
    {
        Assert.True(SizeText.TryParse(memory, out var bytes));
        var spec = SandboxSpec.FromFlatFields(
            DeploymentKind.Kubernetes, image, cpus, bytes, SizeText.TryParse(disk, out var limit) ? limit : null);

        Assert.Equal(expected, PoolChoice.Of(spec, Pools)?.Name);
    }
}
