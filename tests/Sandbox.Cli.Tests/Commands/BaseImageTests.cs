using Sandbox.Cli.Servers;

namespace Sandbox.Cli.Tests.Commands;

public sealed class BaseImageTests
{
    [Theory]
    [InlineData("sandbox-base:latest", "Sandbox s failed to start in phase image_pull: no such host", true)]
    [InlineData("sandbox-base:latest", "Sandbox s failed to start in phase docker_run: no space left", false)]
    [InlineData("python:3.11", "Sandbox s failed to start in phase image_pull: no such host", false)]
    public void Advice_IsGiven_OnlyForWantOfTheDefaultImage(string image, string failure, bool expected) =>
        Assert.Equal(expected, BaseImage.Advice(image, failure)?.Contains("./sandbox image base", StringComparison.Ordinal) ?? false);
}
