using Microsoft.Extensions.Configuration;
using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Tests.Configuration;

public sealed class EngineConfigurationTests
{
    [Fact]
    public void FromJson_EachKindOfValue_IsItsText()
    {
        var configuration = Json.Configuration("""{"a":"text","b":2,"c":0.5,"d":true,"e":false,"f":null}""");

        Assert.Equal(["a", "b", "c", "d", "e"], configuration.Names);
        Assert.Equal(["text", "2", "0.5", "true", "false"], configuration.Names.Select(configuration.Find));
    }

    [Theory]
    [InlineData("[]", "The configuration of an engine is a JSON object.")]
    [InlineData("""{"model":["a"]}""", "The value of 'model' must not be a list or an object.")]
    [InlineData("""{"model":"a","model":"b"}""", "The key 'model' is named twice.")]
    public void FromJson_WhatIsNoConfiguration_IsRefusedWithAReason(string json, string expected) =>
        Assert.Equal(expected, Assert.Throws<FormatException>(() => Json.Configuration(json)).Message);

    [Fact]
    public void FromSection_Settings_AreItsKeys()
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Engine:model", "m"), new("Engine:port", "1234"), new("Engine:list:0", "x")]).Build();

        Assert.Equal(
            "The value of 'list' must not be a list or an object.",
            Assert.Throws<FormatException>(() => EngineConfiguration.FromSection(settings.GetSection("Engine"))).Message);
        settings["Engine:list:0"] = null;
        settings["Engine:list"] = "x";
        Assert.Equal("1234", EngineConfiguration.FromSection(settings.GetSection("Engine")).Find("port"));
    }

    [Fact]
    public void Text_OfAConfiguration_NamesKeysOnly() =>
        Assert.Equal("hf_token, model", Json.Configuration("""{"model":"m","hf_token":"hf_secret"}""").ToString());
}
