using System.Text;
using Sandbox.Serving.OpenAi;

namespace Sandbox.Serving.Tests.OpenAi;

public sealed class RequestReaderTests
{
    [Fact]
    public void Request_Read_IsWhatAGatewayNeeds()
    {
        const string Body =
            """{"temperature":0, "model": "chat","stream":true,"user":"u-1","tools":[{"model":"x"}],"messages":[{"content":"hi"}],"n":1}""";

        var summary = Read(Body);

        Assert.Equal(("chat", true, "u-1"), (summary.Model, summary.IsStream, summary.User));
        Assert.Equal("\"chat\"", Body[summary.ModelRange]);
        Assert.Equal("""[{"content":"hi"}]""", Body[summary.PromptRange]);
    }

    [Theory]
    [InlineData("""{"model":"m","prompt":"hello"}""", "\"hello\"")]
    [InlineData("""{"model":"m","input":["a","b"]}""", """["a","b"]""")]
    [InlineData("""{"model":"m"}""", "")]
    public void Prompt_OfEachInterface_IsFound(string body, string expected) => Assert.Equal(expected, body[Read(body).PromptRange]);

    [Theory]
    [InlineData("""{ "model" : "chat" , "prompt":"model" }""", """{ "model" : "org/large" , "prompt":"model" }""")]
    [InlineData("""{"prompt":"\"model\":\"chat\"","model":"chat"}""", """{"prompt":"\"model\":\"chat\"","model":"org/large"}""")]
    [InlineData("""{"m\u006fdel":"ch\u0061t"}""", """{"m\u006fdel":"org/large"}""")]
    public void Body_ForAnotherModel_IsTheSameButForTheName(string body, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(Read(body).WithModel(Encoding.UTF8.GetBytes(body), "org/large")));

    [Theory]
    [InlineData("", "")]
    [InlineData("[]", "The body must be a JSON object.")]
    [InlineData("{\"model\":\"m\"", "")]
    [InlineData("{\"model\":\"m\"} {}", "")]
    [InlineData("{}", "'model' is required.")]
    [InlineData("""{"model":null}""", "'model' is required.")]
    [InlineData("""{"model":5}""", "'model' must be text.")]
    [InlineData("""{"model":"m","stream":"yes"}""", "'stream' must be true or false.")]
    [InlineData("""{"model":"m","user":{}}""", "'user' must be text.")]
    [InlineData("""{"model":"m","model":"other"}""", "'model' is there twice.")]
    [InlineData("""{"model":"m","m\u006fdel":"other"}""", "'model' is there twice.")]
    public void Body_ThatIsNoRequest_IsRefusedWithTheReason(string body, string expected)
    {
        Assert.False(RequestReader.TryRead(Encoding.UTF8.GetBytes(body), out _, out var error), $"{body} was taken for a request");
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Body_WithTextThatIsNone_IsRefused()
    {
        byte[][] bodies =
            [[.. "{\"model\":\""u8, 0xFF, .. "\"}"u8], [.. "{\"model\":\"m\",\"user\":\""u8, 0xC0, .. "\"}"u8], [0xFF, 0xFE]];

        Assert.All(bodies, body => Assert.False(RequestReader.TryRead(body, out _, out _), Convert.ToHexString(body)));
    }

    [Fact]
    public void Model_OfAnyLength_IsNotSaidBack()
    {
        var body = Encoding.UTF8.GetBytes($$"""{"model":"{{new string('m', 100_000)}}"}""");

        Assert.False(RequestReader.TryRead(body, out _, out var error), "a name of 100,000 characters was taken");
        Assert.Equal("'model' must have 512 characters at most.", error);
    }

    [Fact]
    public void Body_NestedWithoutEnd_IsRefused() =>
        Assert.False(
            RequestReader.TryRead(Encoding.UTF8.GetBytes($$"""{"model":"m","x":{{new string('[', 100_000)}}"""), out _, out _),
            "a body of brackets alone was taken for a request");

    private static RequestSummary Read(string body)
    {
        Assert.True(RequestReader.TryRead(Encoding.UTF8.GetBytes(body), out var summary, out var error), error);
        return summary;
    }
}
