using Sandbox.Domain.Specs;
using Sandbox.Kubernetes.Templates;

namespace Sandbox.Kubernetes.Tests.Templates;

public sealed class TemplateChoiceTests
{
    private static readonly TemplateRule[] Rules =
    [
        new() { Template = "windows", ImageOs = "windows" },
        new() { Template = "a100", Accelerator = "A100", MinGpus = 1 },
        new() { Template = "many", MinGpus = 2, MaxGpus = 8 },
        new() { Template = "ours", Images = ["reg.example/*", "py?hon:*"] },
    ];

    [Theory]
    [InlineData("python:3", "linux", null, null, "ours")]
    [InlineData("reg.example/team/app:1", "linux", null, null, "ours")]
    [InlineData("busybox", "linux", null, null, "default")]
    [InlineData("python:3", "Windows", null, null, "windows")]
    [InlineData("busybox", "linux", 1.0, "a100", "a100")]
    [InlineData("busybox", "linux", null, "a100", "default")]
    [InlineData("busybox", "linux", 2.0, "t4", "many")]
    [InlineData("busybox", "linux", 9.0, "t4", "default")]
    public void Choice_IsTheFirstRuleThatMatches(string image, string os, double? gpus, string? accelerator, string expected)
    {
        var spec = SandboxSpec.FromFlatFields(
            DeploymentKind.Kubernetes, image, 1, 1, null) with
        { ImageOs = os, NumGpus = gpus, AcceleratorType = accelerator };

        Assert.Equal(expected, TemplateChoice.Of(spec, Rules));
    }
}
