using Sandbox.Deployments.Docker;

namespace Sandbox.Worker.Tests.Docker;

public sealed class ImageReferenceTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("python", "python", null, null, null)]
    [InlineData("python:3.11", "python", "3.11", null, null)]
    [InlineData("library/python:3.11", "library/python", "3.11", null, null)]
    [InlineData("localhost/a", "localhost/a", null, null, "localhost")]
    [InlineData("localhost:5000/a/b:1", "localhost:5000/a/b", "1", null, "localhost:5000")]
    [InlineData("hub.example.com/a@" + Digest, "hub.example.com/a", null, Digest, "hub.example.com")]
    [InlineData("a:1@" + Digest, "a", "1", Digest, null)]
    [InlineData(Digest, "", null, null, null)]
    public void Parse_OfAName_TakesItApart(string text, string repository, string? tag, string? digest, string? registry)
    {
        var image = ImageReference.Parse(text);

        Assert.NotNull(image);
        Assert.Equal((repository, tag, digest, registry), (image.Repository, image.Tag, image.Digest, image.Registry));
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
    public void Parse_OfAnythingElse_IsRefused(string text) => Assert.Null(ImageReference.Parse(text));

    [Fact]
    public void Parse_OfALongName_IsRefused() => Assert.Null(ImageReference.Parse(new string('a', 513)));
}
