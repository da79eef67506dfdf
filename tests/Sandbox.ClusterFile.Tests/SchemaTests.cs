using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sandbox.ClusterFile.Reading;
using Sandbox.ClusterFile.Settings;

namespace Sandbox.ClusterFile.Tests;

public sealed class SchemaTests
{
    private static readonly JsonNode Schema = JsonNode.Parse(ClusterSchema.Write())!;

    [Fact]
    public void Schema_SaysWhichDraftItIs() =>
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", (string?)Schema["$schema"]);

    [Fact]
    public void Schema_HoldsEverySettingAndNothingElse() =>
        Assert.Equal(Settings(typeof(ClusterSettings), "").Order(), Described(Schema, "").Order());

    [Theory]
    [InlineData("services.health.port", "minimum", "1024")]
    [InlineData("services.health.port", "maximum", "65535")]
    [InlineData("services.health.port", "default", "8888")]
    [InlineData("services.nodes.gpu.head_port", "default", "6391")]
    [InlineData("services.nodes.cpu.cpus", "exclusiveMinimum", "0")]
    [InlineData("nodes.health_service.timeout", "minimum", "1")]
    [InlineData("nodes.head_whitelist", "minItems", "1")]
    [InlineData("nodes.head_whitelist", "type", "\"array\"")]
    [InlineData("cluster_test.target", "enum", "[\"cpu\",\"gpu\"]")]
    [InlineData("host.has_gpu", "type", "\"boolean\"")]
    public void Schema_TellsTheRules(string path, string keyword, string value) => Assert.Equal(value, At(path)[keyword]?.ToJsonString());

    [Fact]
    public void Schema_AsksForWhatHasNoDefault() =>
        Assert.Equal("[\"name\",\"version\"]", At("project")["required"]?.ToJsonString());

    [Theory]
    [InlineData("8g", true)]
    [InlineData("01G", true)]
    [InlineData("0g", false)]
    [InlineData("8", false)]
    [InlineData("-1g", false)]
    public void Pattern_OfMemory_JudgesAsTheRuleDoes(string memory, bool good)
    {
        Assert.Equal(good, Regex.IsMatch(memory, (string)At("services.nodes.cpu.memory")["pattern"]!));
        Assert.Equal(good, Given.With(("services.nodes.cpu.memory", memory)).Settings is not null);
    }

    private static JsonNode At(string path) =>
        path.Split('.')
            .Aggregate(
                Schema, (node, name) =>
                    node["properties"]![name] ?? throw new InvalidOperationException($"no {name} of {path} in the schema"));

    private static IEnumerable<string> Settings(Type type, string path) => type.GetProperties().SelectMany(property =>
        SettingBinder.IsSection(property.PropertyType)
            ? Settings(property.PropertyType, $"{path}{SettingBinder.NameOf(property)}.")
            : [$"{path}{SettingBinder.NameOf(property)}"]);

    private static IEnumerable<string> Described(JsonNode schema, string path) => schema["properties"]!.AsObject().SelectMany(property =>
        property.Value!["properties"] is null ? [$"{path}{property.Key}"] : Described(property.Value, $"{path}{property.Key}."));
}
