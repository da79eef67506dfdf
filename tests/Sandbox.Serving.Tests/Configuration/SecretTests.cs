using System.Text.Json;
using Sandbox.Serving.BuiltIn;
using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Tests.Configuration;

public sealed class SecretTests
{
    private const string Value = "hf_abcdefgh";

    [Fact]
    public void Secret_AsText_IsAsterisks()
    {
        var secret = new Secret(Value);

        Assert.Equal("*** and ***", $"{secret} and {string.Concat(secret)}");
        Assert.Equal("{}", JsonSerializer.Serialize(secret));
        Assert.Equal(Value, secret.Reveal());
    }

    /// <summary>Row 34's promise of every engine: a secret is in the environment and nowhere else.</summary>
    [Theory]
    [Trait("Row", "34")]
    [Trait("Row", "35")]
    [InlineData("vllm", "hf_token")]
    [InlineData("vllm", "api_key")]
    [InlineData("sglang", "hf_token")]
    [InlineData("llama-cpp", "hf_token")]
    [InlineData("llama-cpp", "api_key")]
    [InlineData("llama", "api_key")]
    public void Secret_OfAnEngine_IsInItsEnvironmentOnly(string engine, string key)
    {
        var components = Assert.Single(BuiltInEngines.All, components => components.Name == engine);
        var configuration = Json.Configuration($$"""{"model":"m","{{key}}":"{{Value}}"}""");

        var deployment = components.Deployment.Create(components.Configuration.Build(configuration));

        Assert.Contains(deployment.Launch.Secrets.Values, secret => secret.Reveal() == Value);
        Assert.All(deployment.Launch.Arguments, argument => Assert.DoesNotContain(Value, argument, StringComparison.Ordinal));
        Assert.DoesNotContain(Value, deployment.Launch.Environment.Values);
        Assert.DoesNotContain(Value, deployment.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, configuration.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, JsonSerializer.Serialize(deployment), StringComparison.Ordinal);
    }

    [Fact]
    public void Redactor_Line_HasNoSecretInItNorAPartOfALongerOne()
    {
        var redactor = new SecretRedactor([new("short"), new("short-and-long"), new("")]);

        Assert.Equal("a *** b *** c", redactor.Redact("a short-and-long b short c"));
    }
}
