namespace Sandbox.Serving.Tests.BuiltIn;

public sealed class OllamaTests
{
    public static TheoryData<string, string> Cases() => new()
    {
        { """{"model":"llama3.2"}""", "OLLAMA_HOST=127.0.0.1:8000 ollama serve ; ollama pull llama3.2" },
        { """{"model":"other","model_source":"llama3.2","pull":false}""", "OLLAMA_HOST=127.0.0.1:8000 ollama serve" },
        {
            """{"model":"m","engine":"ollama","image":"ollama/ollama","program":"/opt/ollama","host":"::","port":9000}""",
            "OLLAMA_HOST=[::]:9000 /opt/ollama serve ; /opt/ollama pull m"
        },
        {
            """{"model":"m","pull":false,"models_dir":"/models","keep_alive":"always","context_length":8192,"num_parallel":4}""",
            "OLLAMA_CONTEXT_LENGTH=8192 OLLAMA_HOST=127.0.0.1:8000 OLLAMA_KEEP_ALIVE=-1 OLLAMA_MODELS=/models OLLAMA_NUM_PARALLEL=4 "
            + "ollama serve"
        },
        {
            """{"model":"m","pull":false,"keep_alive":"10m","max_loaded_models":2,"max_queue":64,"flash_attention":true}""",
            "OLLAMA_FLASH_ATTENTION=1 OLLAMA_HOST=127.0.0.1:8000 OLLAMA_KEEP_ALIVE=10m OLLAMA_MAX_LOADED_MODELS=2 OLLAMA_MAX_QUEUE=64 "
            + "ollama serve"
        },
        {
            """{"model":"m","pull":false,"kv_cache_type":"q8_0","use_cpu":true}""",
            "CUDA_VISIBLE_DEVICES=-1 OLLAMA_HOST=127.0.0.1:8000 OLLAMA_KV_CACHE_TYPE=q8_0 ROCR_VISIBLE_DEVICES=-1 ollama serve"
        },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Configuration_OfOllama_IsExactlyThisCommand(string json, string expected) =>
        Assert.Equal(expected, Golden.Line("ollama", json));

    [Fact]
    public void Cases_SetEachKey() => Golden.CoversEachKey("ollama", Golden.ConfigurationsOf(Cases()));

    [Theory]
    [InlineData("{}", "model is required (or model_source)")]
    [InlineData("""{"model":"m","served_model_name":"n"}""", "'served_model_name' is not a key of ollama")]
    [InlineData("""{"model":"m","kv_cache_typ":"f16"}""", "'kv_cache_typ' is not a key of ollama; did you mean 'kv_cache_type'?")]
    public void Configuration_ThatIsWrong_IsRefusedWithTheReason(string json, string expected) => Golden.Error("ollama", json, expected);
}
