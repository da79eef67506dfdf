namespace Sandbox.Serving.Tests.BuiltIn;

public sealed class LlamaServerTests
{
    private const string Start = "llama-server --hf-repo m --host 127.0.0.1 --port 8000 --alias m";

    public static TheoryData<string, string> Cases() => new()
    {
        { """{"model":"m"}""", Start },
        {
            """{"model":"x","model_source":"/models/a.gguf","engine":"llama-cpp","image":"i","served_model_name":"a"}""",
            "llama-server --model /models/a.gguf --host 127.0.0.1 --port 8000 --alias a"
        },
        { """{"model":"a.GGUF"}""", "llama-server --model a.GGUF --host 127.0.0.1 --port 8000 --alias a.GGUF" },
        {
            """{"model":"m","program":"/opt/llama-server","host":"0.0.0.0","port":9000}""",
            "/opt/llama-server --hf-repo m --host 0.0.0.0 --port 9000 --alias m"
        },
        {
            """{"model":"m","context_length":4096,"threads":8,"parallel":4,"flash_attention":"on","custom_chat_template":"/t"}""",
            $"{Start} --ctx-size 4096 --threads 8 --parallel 4 --flash-attn on --chat-template-file /t"
        },
        { """{"model":"m","embeddings":true}""", $"{Start} --embeddings" },
        { """{"model":"m","gpu_layers":0}""", $"{Start} --gpu-layers 0" },
        {
            """{"model":"m","tensor_parallel_size":3,"gpu_layers":99}""",
            $"{Start} --gpu-layers 99 --split-mode row --tensor-split 1,1,1"
        },
        { """{"model":"m","use_cpu":true,"tensor_parallel_size":3,"gpu_layers":99}""", $"{Start} --device none" },
        { """{"model":"m","hf_token":"hf_1","api_key":"key"}""", $"!HF_TOKEN=hf_1 !LLAMA_API_KEY=key {Start}" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Configuration_OfLlamaCpp_IsExactlyThisCommand(string json, string expected) =>
        Assert.Equal(expected, Golden.Line("llama-cpp", json));

    [Fact]
    public void Cases_SetEachKey() => Golden.CoversEachKey("llama-cpp", Golden.ConfigurationsOf(Cases()));

    [Theory]
    [InlineData("{}", "model is required (or model_source)")]
    [InlineData("""{"model":"m","gpu_layer":1}""", "'gpu_layer' is not a key of llama-cpp; did you mean 'gpu_layers'?")]
    public void Configuration_ThatIsWrong_IsRefusedWithTheReason(string json, string expected) => Golden.Error("llama-cpp", json, expected);
}
