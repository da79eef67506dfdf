namespace Sandbox.Serving.Tests.BuiltIn;

[Trait("Row", "34")]
public sealed class VllmTests
{
    private const string Gpu = "--tensor-parallel-size 1 --gpu-memory-utilization 0.9";
    private const string Start = "vllm serve m --host 127.0.0.1 --port 8000";

    public static TheoryData<string, string> Cases() => new()
    {
        { """{"model":"m"}""", $"{Start} --dtype auto {Gpu} --load-format auto" },
        { """{"model":"other","model_source":"m"}""", $"{Start} --dtype auto {Gpu} --load-format auto" },
        { """{"model":"m","engine":"vllm","image":"vllm/vllm-openai"}""", $"{Start} --dtype auto {Gpu} --load-format auto" },
        {
            """{"model":"m","program":"/opt/vllm","host":"0.0.0.0","port":9000,"served_model_name":"name"}""",
            $"/opt/vllm serve m --host 0.0.0.0 --port 9000 --served-model-name name --dtype auto {Gpu} --load-format auto"
        },
        { """{"model":"m","dtype":"half"}""", $"{Start} --dtype half {Gpu} --load-format auto" },
        { """{"model":"m","max_model_len":4096}""", $"{Start} --dtype auto --max-model-len 4096 {Gpu} --load-format auto" },
        { """{"model":"m","trust_remote_code":true}""", $"{Start} --dtype auto --trust-remote-code {Gpu} --load-format auto" },
        { """{"model":"m","trust_remote_code":false}""", $"{Start} --dtype auto {Gpu} --load-format auto" },
        {
            """{"model":"m","tensor_parallel_size":4,"gpu_memory_utilization":0.85}""",
            $"{Start} --dtype auto --tensor-parallel-size 4 --gpu-memory-utilization 0.85 --distributed-executor-backend ray "
            + "--load-format auto"
        },
        {
            """{"model":"m","tensor_parallel_size":"2","distributed_executor_backend":"mp"}""",
            $"{Start} --dtype auto --tensor-parallel-size 2 --gpu-memory-utilization 0.9 --distributed-executor-backend mp "
            + "--load-format auto"
        },
        { """{"model":"m","use_cpu":true}""", $"{Start} --dtype bfloat16 --load-format auto" },
        { """{"model":"m","use_cpu":true,"dtype":"float32"}""", $"{Start} --dtype float32 --load-format auto" },
        {
            """{"model":"m","use_cpu":true,"tensor_parallel_size":4,"gpu_memory_utilization":0.5,"distributed_executor_backend":"ray"}""",
            $"{Start} --dtype bfloat16 --load-format auto"
        },
        { """{"model":"m","gpu_device":"1"}""", $"{Start} --dtype auto {Gpu} --load-format auto" },
        { """{"model":"m","download_dir":"/data/models"}""", $"{Start} --dtype auto {Gpu} --download-dir /data/models --load-format auto" },
        { """{"model":"m","load_format":"gguf"}""", $"{Start} --dtype auto {Gpu} --load-format gguf" },
        { """{"model":"m","quantization":"fp8"}""", $"{Start} --dtype auto {Gpu} --load-format auto --quantization fp8" },
        { """{"model":"m","disable_log_stats":true}""", $"{Start} --dtype auto {Gpu} --load-format auto --disable-log-stats" },
        { """{"model":"m","enable_prefix_caching":true}""", $"{Start} --dtype auto {Gpu} --load-format auto --enable-prefix-caching" },
        {
            """{"model":"m","custom_chat_template":"/t.jinja"}""",
            $"{Start} --dtype auto {Gpu} --load-format auto --chat-template /t.jinja"
        },
        {
            """{"model":"m","hf_token":"hf_1"}""",
            $"!HF_TOKEN=hf_1 !HUGGING_FACE_HUB_TOKEN=hf_1 {Start} --dtype auto {Gpu} --load-format auto"
        },
        { """{"model":"m","api_key":"key"}""", $"!VLLM_API_KEY=key {Start} --dtype auto {Gpu} --load-format auto" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Configuration_OfVllm_IsExactlyThisCommand(string json, string expected) =>
        Assert.Equal(expected, Golden.Line("vllm", json));

    [Fact]
    public void Cases_SetEachKey() => Golden.CoversEachKey("vllm", Golden.ConfigurationsOf(Cases()));

    [Theory]
    [InlineData("{}", "model is required (or model_source)")]
    [InlineData("""{"model":"m","tensor_parallel_size":0}""", "tensor_parallel_size must be a whole number from 1 to 1024, not '0'")]
    [InlineData("""{"model":"m","tensor_parallel_size":1.5}""", "tensor_parallel_size must be a whole number from 1 to 1024, not '1.5'")]
    [InlineData("""{"model":"m","gpu_memory_utilization":0}""", "gpu_memory_utilization must be a number above 0, at most 1, not '0'")]
    [InlineData("""{"model":"m","gpu_memory_utilization":1.5}""", "gpu_memory_utilization must be a number above 0, at most 1, not '1.5'")]
    [InlineData(
        """{"model":"m","dtype":"int4"}""", "dtype must be one of auto, half, float16, bfloat16, float, float32, not 'int4'")]
    [InlineData(
        """{"model":"m","tensor_paralel_size":2}""", "'tensor_paralel_size' is not a key of vllm; did you mean 'tensor_parallel_size'?")]
    [InlineData("""{"model":"m","port":70000}""", "port must be a whole number from 1 to 65535, not '70000'")]
    [InlineData("""{"model":"--api-key=x"}""", "model must not begin with '-'")]
    public void Configuration_ThatIsWrong_IsRefusedWithTheReason(string json, string expected) => Golden.Error("vllm", json, expected);

    [Fact]
    public void Words_WithSpaces_StayOneArgument()
    {
        var launch = Golden.Builder("vllm").Build(Json.Configuration("""{"model":"/models/my model; rm -rf /"}"""));

        Assert.Equal("/models/my model; rm -rf /", launch.Arguments[2]);
    }

    [Fact]
    public void Keys_WithoutEffect_AreNoted()
    {
        var launch = Golden.Builder("vllm").Build(
            Json.Configuration("""{"model":"m","use_cpu":true,"tensor_parallel_size":4,"gpu_device":"0"}"""));

        Assert.Equal(
            ["gpu_device has no effect: the cluster gives GPUs out", "tensor_parallel_size has no effect: use_cpu is set"], launch.Notes);
        Assert.Equal(1, launch.TensorParallelSize);
    }

    [Fact]
    public void Model_ForClients_IsTheServedName()
    {
        var named = Golden.Builder("vllm").Build(Json.Configuration("""{"model":"m","served_model_name":"name","image":"i"}"""));

        Assert.Equal(("name", "i", 8000), (named.Model, named.Image, named.Port));
        Assert.Equal("m", Golden.Builder("vllm").Build(Json.Configuration("""{"model":"m"}""")).Model);
    }

    [Fact]
    public void Defaults_AreThoseOfTheDocument() => Assert.Equal(
        "disable_log_stats=false dtype=auto enable_prefix_caching=false gpu_memory_utilization=0.9 host=127.0.0.1 load_format=auto "
        + "port=8000 program=vllm tensor_parallel_size=1 trust_remote_code=false use_cpu=false",
        string.Join(' ', Golden.Builder("vllm").Schema.Defaults.Names.Select(
            name => $"{name}={Golden.Builder("vllm").Schema.Defaults.Find(name)}")));
}
