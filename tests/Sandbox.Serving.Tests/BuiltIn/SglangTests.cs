namespace Sandbox.Serving.Tests.BuiltIn;

[Trait("Row", "35")]
public sealed class SglangTests
{
    private const string Start = "python3 -m sglang.launch_server --model-path m --host 127.0.0.1 --port 8000";
    private const string End = "--tensor-parallel-size 1 --load-format auto";

    public static TheoryData<string, string> Cases() => new()
    {
        { """{"model":"m"}""", $"{Start} --dtype auto {End}" },
        { """{"model":"other","model_source":"m","engine":"sglang","image":"lmsysorg/sglang"}""", $"{Start} --dtype auto {End}" },
        {
            """{"model":"m","program":"/opt/python","host":"0.0.0.0","port":9000,"served_model_name":"name"}""",
            "/opt/python -m sglang.launch_server --model-path m --host 0.0.0.0 --port 9000 --served-model-name name --dtype auto " + End
        },
        { """{"model":"m","tensor_parallel_size":4}""", $"{Start} --dtype auto --tensor-parallel-size 4 --load-format auto" },
        { """{"model":"m","tp_size":2}""", $"{Start} --dtype auto --tensor-parallel-size 2 --load-format auto" },
        { """{"model":"m","tp_size":2,"tensor_parallel_size":2}""", $"{Start} --dtype auto --tensor-parallel-size 2 --load-format auto" },
        {
            """{"model":"m","mem_fraction_static":0.80}""",
            $"{Start} --dtype auto --tensor-parallel-size 1 --mem-fraction-static 0.8 --load-format auto"
        },
        { """{"model":"m","dtype":"bfloat16","context_length":8192}""", $"{Start} --dtype bfloat16 --context-length 8192 {End}" },
        { """{"model":"m","trust_remote_code":true}""", $"{Start} --dtype auto --trust-remote-code {End}" },
        {
            """{"model":"m","enable_flashinfer":true}""",
            $"{Start} --dtype auto --tensor-parallel-size 1 --attention-backend flashinfer --load-format auto"
        },
        {
            """{"model":"m","attention_backend":"triton"}""",
            $"{Start} --dtype auto --tensor-parallel-size 1 --attention-backend triton --load-format auto"
        },
        {
            """{"model":"m","download_dir":"/data","load_format":"gguf","quantization":"fp8"}""",
            $"{Start} --dtype auto --tensor-parallel-size 1 --download-dir /data --load-format gguf --quantization fp8"
        },
        {
            """{"model":"m","grammar_backend":"xgrammar","disable_radix_cache":true,"chunked_prefill_size":-1}""",
            $"{Start} --dtype auto {End} --grammar-backend xgrammar --disable-radix-cache --chunked-prefill-size -1"
        },
        { """{"model":"m","lora_paths":"a=/lora/a, /lora/b"}""", $"{Start} --dtype auto {End} --lora-paths a=/lora/a /lora/b" },
        { """{"model":"m","custom_chat_template":"chatml"}""", $"{Start} --dtype auto {End} --chat-template chatml" },
        {
            """{"model":"m","use_cpu":true,"tensor_parallel_size":4,"mem_fraction_static":0.5,"attention_backend":"triton"}""",
            $"SGLANG_USE_CPU_ENGINE=1 {Start} --dtype bfloat16 --device cpu --disable-overlap-schedule --load-format auto"
        },
        { """{"model":"m","hf_token":"hf_1"}""", $"!HF_TOKEN=hf_1 !HUGGING_FACE_HUB_TOKEN=hf_1 {Start} --dtype auto {End}" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Configuration_OfSglang_IsExactlyThisCommand(string json, string expected) =>
        Assert.Equal(expected, Golden.Line("sglang", json));

    [Fact]
    public void Cases_SetEachKey() => Golden.CoversEachKey("sglang", Golden.ConfigurationsOf(Cases()));

    [Theory]
    [InlineData("{}", "model is required (or model_source)")]
    [InlineData(
        """{"model":"m","tp_size":2,"tensor_parallel_size":4}""",
        "tp_size and tensor_parallel_size are the same setting and must not differ")]
    [InlineData(
        """{"model":"m","enable_flashinfer":true,"attention_backend":"triton"}""",
        "enable_flashinfer asks for another attention_backend than the one that is set")]
    [InlineData("""{"model":"m","mem_fraction_static":2}""", "mem_fraction_static must be a number above 0, at most 1, not '2'")]
    [InlineData("""{"model":"m","lora_paths":"a,--api-key"}""", "lora_paths has a path that is empty or begins with '-'")]
    [InlineData("""{"model":"m","lora_paths":"a,,b"}""", "lora_paths has a path that is empty or begins with '-'")]
    [InlineData("""{"model":"m","contxt_length":2}""", "'contxt_length' is not a key of sglang; did you mean 'context_length'?")]
    // SGLang takes a key as an argument only, where others see it.
    [InlineData("""{"model":"m","api_key":"x"}""", "'api_key' is not a key of sglang")]
    public void Configuration_ThatIsWrong_IsRefusedWithTheReason(string json, string expected) => Golden.Error("sglang", json, expected);

    [Fact]
    public void Size_InEitherName_IsTheDeployments() => Assert.All(
        ["""{"model":"m","tp_size":2}""", """{"model":"m","tensor_parallel_size":2}"""],
        (string json) => Assert.Equal(2, Golden.Builder("sglang").Build(Json.Configuration(json)).TensorParallelSize));
}
