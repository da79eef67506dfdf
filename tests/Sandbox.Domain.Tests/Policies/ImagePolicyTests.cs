using System.ComponentModel.DataAnnotations;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Tests.Policies;

public sealed class ImagePolicyTests
{
    [Theory]
    [InlineData("sandbox-base", "sandbox-base:latest", true)]
    [InlineData("sandbox-base", "docker.io/library/sandbox-base:2", true)]
    [InlineData("sandbox-base", "sandbox-base-2", false)]
    [InlineData("sandbox-base", "registry.example/library/sandbox-base", false)]
    [InlineData("sandbox-base", "team/sandbox-base", false)]
    [InlineData("python:3.11", "python:3.11", true)]
    [InlineData("python:3.11", "python:3.12", false)]
    [InlineData("a registry.example:5000/team/*", "registry.example:5000/team/app:1", true)]
    [InlineData("a registry.example:5000/team/*", "registry.example:5000/teams/app:1", false)]
    [InlineData("tool-*", "tool-one:1", true)]
    [InlineData("", "python", false)]
    public void IsShared_IsSoOfTheListedNamesInFull(string list, string image, bool expected) =>
        Assert.Equal(expected, new ImagePolicy { SharedImages = list }.IsShared(ImageReference.Parse(image)!));

    [Fact]
    public void Validate_OfASharedImageThatIsNoName_NamesIt() =>
        Assert.Equal(
            "SharedImages: 'Python' is not the name of an image.",
            Assert.Single(new ImagePolicy { SharedImages = "sandbox-base Python" }.Validate(new ValidationContext(""))).ErrorMessage);

    [Fact]
    public void IsOperators_OfTheNamedTenantOnly_AndOfNoneWhereNoneIsNamed()
    {
        Assert.True(new ImagePolicy().IsOperators("default"));
        Assert.False(new ImagePolicy().IsOperators("red"));
        Assert.False(new ImagePolicy { OperatorTenant = "" }.IsOperators(""));
    }
}
