using Sandbox.Kubernetes.Templates;

namespace Sandbox.Kubernetes.Tests.Templates;

public sealed class TemplateTextTests
{
    private static readonly Dictionary<string, string> Values = new() { ["image"] = "python:3.11", ["cpus"] = "2", ["gpus"] = "" };

    [Theory]
    [InlineData("no placeholder, not even trimmed ", "no placeholder, not even trimmed ")]
    [InlineData("", "")]
    [InlineData("{{ image }}", "python:3.11")]
    [InlineData("{{image}}-{{ cpus }}", "python:3.11-2")]
    [InlineData(" {{ cpus }} ", "2")]
    [InlineData("{{ gpus }}", null)]
    [InlineData("{{ gpus }}{{gpus}} ", null)]
    [InlineData("{{ gpus | default('none', true) }}", "none")]
    [InlineData("{{ gpus|default(\"none\") }}", "none")]
    [InlineData("{{ cpus | default('none', true) }}", "2")]
    [InlineData("{{ gpus | default('', true) }}", null)]
    public void Render_OfAKnownForm_IsFilled(string text, string? expected) => Assert.Equal(expected, TemplateText.Render(text, Values));

    [Theory]
    [InlineData("{{ imgae }}", "'imgae' is unknown; known are cpus, gpus, image.")]
    [InlineData("{{ imgae | default('x', true) }}", "'imgae' is unknown; known are cpus, gpus, image.")]
    [InlineData("{{ image | upper }}", "is not understood")]
    [InlineData("{{ image.name }}", "is not understood")]
    [InlineData("{{ }}", "is not understood")]
    [InlineData("{{ image", "is not closed")]
    [InlineData("{{ image }} and {{ cpus", "is not closed")]
    public void Render_OfAnythingElse_NamesTheMistake(string text, string mistake) =>
        Assert.Contains(
            mistake, Assert.Throws<TemplateException>(() => TemplateText.Render(text, Values)).Message, StringComparison.Ordinal);

    [Fact]
    public void Render_OfAValueThatLooksLikeAPlaceholder_LeavesItAlone() =>
        Assert.Equal(
            "{{ cpus }}", TemplateText.Render("{{ image }}", new Dictionary<string, string> { ["image"] = "{{ cpus }}", ["cpus"] = "2" }));
}
