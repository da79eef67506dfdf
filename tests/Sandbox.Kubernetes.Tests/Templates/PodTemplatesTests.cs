using Microsoft.Extensions.Options;
using Sandbox.Kubernetes.Templates;
using Sandbox.Testing;

namespace Sandbox.Kubernetes.Tests.Templates;

public sealed class PodTemplatesTests : IDisposable
{
    private static readonly Dictionary<string, string> Values = new() { ["image"] = "i", ["empty"] = "" };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Render_FillsTextsKeepsTypesAndDropsWhatIsEmpty()
    {
        var templates = Load("one", """
            ports: { proxy: 8000 }
            template:
              metadata: { annotations: { "{{ not a value }}": "{{ image }}", gone: "{{ empty }}" } }
              spec:
                tolerations: [ "{{ empty }}", { key: "{{ empty }}", value: kept } ]
                hostNetwork: false
                priority: 10
                share: 0.5
                quoted: "10"
                nothing: null
                containers: [ { name: main, image: "{{ image }}" } ]
            """);

        var rendered = templates.Render("one", Values);

        Assert.Equal("""{"annotations":{"{{ not a value }}":"i"}}""", rendered.Metadata.ToJsonString(Plain));
        Assert.Equal(
            """{"tolerations":[{"value":"kept"}],"hostNetwork":false,"priority":10,"share":0.5,"quoted":"10","nothing":null,"containers":[{"name":"main","image":"i"}]}""",
            rendered.Spec.ToJsonString(Plain));
        Assert.True(rendered.Speedup);
    }

    [Fact]
    public void Render_Twice_GivesTheSameAgain()
    {
        var templates = Load("one", Minimal);
        templates.Render("one", Values).Spec["containers"]!.AsArray().Clear();

        Assert.Single(templates.Render("one", Values).Spec["containers"]!.AsArray());
    }

    [Fact]
    public void Names_AreThoseOfTheFilesAndTheBuiltInDefault() => Assert.Equal(["default", "one"], Load("one", Minimal).Names);

    [Fact]
    public void Render_OfAMistake_NamesTheTemplate()
    {
        var templates = Load("one", Minimal.Replace("{{ image }}", "{{ imgae }}", StringComparison.Ordinal));

        var mistake = Assert.Throws<TemplateException>(() => templates.Render("one", Values));

        Assert.StartsWith("Template 'one': 'imgae' is unknown", mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("template: { spec: { containers: [ { name: main } ] } }", "Template 'bad' has no ports")]
    [InlineData("ports: {}\ntemplate: { spec: { containers: [ { name: main } ] } }", "Template 'bad' has no ports")]
    [InlineData("ports: { proxy: 1 }", "Template 'bad' has no template.spec.containers.")]
    [InlineData("- a list", "Template 'bad' must be one YAML mapping.")]
    [InlineData("ports: [", "Template 'bad' is not YAML")]
    public void Load_OfABadFile_NamesFileAndMistake(string yaml, string mistake) =>
        Assert.StartsWith(mistake, Assert.Throws<TemplateException>(() => Load("bad", yaml)).Message, StringComparison.Ordinal);

    private static readonly System.Text.Json.JsonSerializerOptions Plain =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Minimal = """
        ports: { proxy: 8000 }
        template: { spec: { containers: [ { name: main, image: "{{ image }}" } ] } }
        """;

    private PodTemplates Load(string name, string yaml)
    {
        File.WriteAllText(_folder.File(name + ".yaml"), yaml);
        return new PodTemplates(Options.Create(new KubernetesOptions { TemplateFolder = _folder.Path }));
    }
}
