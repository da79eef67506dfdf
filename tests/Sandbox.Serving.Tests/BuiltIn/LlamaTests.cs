namespace Sandbox.Serving.Tests.BuiltIn;

public sealed class LlamaTests
{
    private const string Start = "Sandbox.Serving.Llama --model /m/a.gguf --host 127.0.0.1 --port 8000 --alias a";

    public static TheoryData<string, string> Cases() => new()
    {
        { """{"model":"/m/a.gguf"}""", Start },
        { """{"model":"x","model_source":"/m/a.gguf","engine":"llama","image":"i","use_cpu":true}""", Start },
        {
            """{"model":"b.gguf","program":"/opt/llama","host":"0.0.0.0","port":9000,"served_model_name":"c"}""",
            "/opt/llama --model b.gguf --host 0.0.0.0 --port 9000 --alias c"
        },
        {
            """{"model":"/m/a.gguf","context_length":512,"threads":2,"parallel":3,"queue":0}""",
            $"{Start} --ctx-size 512 --threads 2 --parallel 3 --queue 0"
        },
        { """{"model":"/m/a.gguf","api_key":"key"}""", $"!LLAMA_API_KEY=key {Start}" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Configuration_OfLlama_IsExactlyThisCommand(string json, string expected) =>
        Assert.Equal(expected, Golden.Line("llama", json));

    [Fact]
    public void Cases_SetEachKey() => Golden.CoversEachKey("llama", Golden.ConfigurationsOf(Cases()));

    [Theory]
    [InlineData("{}", "model is required (or model_source)")]
    [InlineData("""{"model":"m","thread":1}""", "'thread' is not a key of llama; did you mean 'threads'?")]
    public void Configuration_ThatIsWrong_IsRefusedWithTheReason(string json, string expected) => Golden.Error("llama", json, expected);
}
