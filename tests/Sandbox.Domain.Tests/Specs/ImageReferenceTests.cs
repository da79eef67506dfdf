using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Tests.Specs;

public sealed class ImageReferenceTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("python", null, "docker.io/library/python:latest")]
    [InlineData("python:3.11", null, "docker.io/library/python:3.11")]
    [InlineData("library/python:3.11", null, "docker.io/library/python:3.11")]
    [InlineData("docker.io/python:3.11", "docker.io", "docker.io/library/python:3.11")]
    [InlineData("index.docker.io/library/python:3.11", "index.docker.io", "docker.io/library/python:3.11")]
    [InlineData("team/app", null, "docker.io/team/app:latest")]
    [InlineData("localhost/a", "localhost", "localhost/a:latest")]
    [InlineData("localhost:5000/a/b:1", "localhost:5000", "localhost:5000/a/b:1")]
    [InlineData("Hub.Example.COM/a", "hub.example.com", "hub.example.com/a:latest")]
    [InlineData("hub.example.com/a@" + Digest, "hub.example.com", "hub.example.com/a@" + Digest)]
    [InlineData("a:1@" + Digest, null, "docker.io/library/a@" + Digest)]
    [InlineData("a", null, "docker.io/library/a:latest")]
    [InlineData("cafe:1", null, "docker.io/library/cafe:1")]
    public void Parse_OfAName_IsTheSameInFull(string text, string? registry, string name)
    {
        var image = ImageReference.Parse(text);

        Assert.NotNull(image);
        Assert.Equal((registry, name), (image.Registry, image.Name));
        Assert.Null(ImageReference.WhyRefused(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("Python")]
    [InlineData("a//b")]
    [InlineData("a/../b")]
    [InlineData("a?b")]
    [InlineData("a#b")]
    [InlineData("a%2fb")]
    [InlineData("a:")]
    [InlineData("a@sha256:12")]
    [InlineData("a\n")]
    [InlineData("-a")]
    [InlineData("[::1]:5000/a")]
    public void Parse_OfAnythingElse_IsRefused(string text)
    {
        Assert.Null(ImageReference.Parse(text));
        Assert.Equal("is not the name of an image", ImageReference.WhyRefused(text));
    }

    [Fact]
    public void Parse_OfALongName_IsRefused() => Assert.Null(ImageReference.Parse(new string('g', 513)));

    /// <summary>An engine would look for these among the ids of all its images, whoever's they are.</summary>
    [Theory]
    [InlineData(Digest)]
    [InlineData("sha256:01")]
    [InlineData("sha256:")]
    [InlineData("0123456789ab")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("00")]
    [InlineData("ff")]
    public void WhyRefused_OfAnIdOrAPartOfOne_AsksForAName(string text)
    {
        Assert.Null(ImageReference.Parse(text));
        Assert.Equal("reads like the id of an image, or a part of one; say its name, with a tag", ImageReference.WhyRefused(text));
    }

    [Theory]
    [InlineData("sandbox-archive:1")]
    [InlineData("docker.io/library/sandbox-archive:1")]
    [InlineData("index.docker.io/sandbox-archive")]
    [InlineData("sandbox-commit/a/b/c:1")]
    [InlineData("docker.io/sandbox-commit/a/b/c:1")]
    public void WhyRefused_OfANameOfThePlatformsOwn_SaysSo(string text) =>
        Assert.Equal("is a name that this platform keeps for itself", ImageReference.WhyRefused(text));
}
