using System.Collections.Immutable;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.BuiltIn;

/// <summary>The command of <c>vllm serve</c>.</summary>
internal sealed class VllmConfigurationBuilder() : EngineConfigurationBuilder(new(Name, Keys))
{
    public const string Name = "vllm";

    private static ImmutableArray<ConfigurationKey> Keys =>
    [
        .. CommonKeys.Start("vllm"),
        CommonKeys.TensorParallelSize,
        ConfigurationKey.Fraction("gpu_memory_utilization", "The part of each GPU's memory that it takes.", "0.9"),
        ConfigurationKey.Choice(
            "distributed_executor_backend", "How the parts of a spread model run; without it, `ray` for more than one GPU.", null,
            "ray", "mp", "uni", "external_launcher"),
        ConfigurationKey.Text("gpu_device", "Which GPU is meant, for the log; the cluster gives GPUs out."),
        ConfigurationKey.Choice(
            "dtype", "The type of weights and activations. `auto` is bfloat16 on the CPU.", "auto",
            "auto", "half", "float16", "bfloat16", "float", "float32"),
        CommonKeys.ContextLength("max_model_len"),
        ConfigurationKey.Text("load_format", "The format of the weights.", "auto"),
        ConfigurationKey.Text("download_dir", "The folder for what is downloaded."),
        ConfigurationKey.Text("quantization", "How the weights are quantized."),
        ConfigurationKey.Flag("trust_remote_code", "Run code that comes with the model."),
        ConfigurationKey.Flag("disable_log_stats", "Log no statistics."),
        ConfigurationKey.Flag("enable_prefix_caching", "Keep what was computed of a prompt's beginning."),
        ConfigurationKey.Text("custom_chat_template", "The chat template: a file's path, or the template in one line."),
        CommonKeys.HuggingFaceToken,
        ConfigurationKey.Secret("api_key", "The key that its `/v1` routes ask for. Reaches the engine as VLLM_API_KEY."),
    ];

    protected override ImmutableArray<string> CheckTogether(EngineSettings settings) => CommonKeys.CheckModel(settings);

    protected override EngineLaunch Build(EngineSettings settings)
    {
        var model = CommonKeys.FindModel(settings)!;
        var (useCpu, parallel) = (settings.Flag("use_cpu"), settings.WholeNumber("tensor_parallel_size"));
        var arguments = new ArgumentVector(settings.Text("program"), "serve", model)
            .Add("--host", settings.Text("host"))
            .Add("--port", CommonKeys.Port(settings))
            .Add("--served-model-name", settings.FindText("served_model_name"))
            .Add("--dtype", settings.Text("dtype") is "auto" && useCpu ? "bfloat16" : settings.Text("dtype"))
            .Add("--max-model-len", settings.FindNumber("max_model_len"))
            .AddIf(settings.Flag("trust_remote_code"), "--trust-remote-code");
        if (!useCpu)
        {
            arguments
                .Add("--tensor-parallel-size", settings.FindNumber("tensor_parallel_size"))
                .Add("--gpu-memory-utilization", settings.FindNumber("gpu_memory_utilization"))
                .Add("--distributed-executor-backend", settings.FindText("distributed_executor_backend") ?? (parallel > 1 ? "ray" : null));
        }

        arguments
            .Add("--download-dir", settings.FindText("download_dir"))
            .Add("--load-format", settings.Text("load_format"))
            .Add("--quantization", settings.FindText("quantization"))
            .AddIf(settings.Flag("disable_log_stats"), "--disable-log-stats")
            .AddIf(settings.Flag("enable_prefix_caching"), "--enable-prefix-caching")
            .Add("--chat-template", settings.FindText("custom_chat_template"));
        return CommonKeys.Launch(settings, CommonKeys.ServedName(settings, model), arguments.ToImmutable()) with
        {
            TensorParallelSize = useCpu ? 1 : parallel,
            ApiKey = settings.FindSecret("api_key"),
            Secrets = CommonKeys.Secrets(
                settings, ("hf_token", "HF_TOKEN"), ("hf_token", "HUGGING_FACE_HUB_TOKEN"), ("api_key", "VLLM_API_KEY")),
            Notes =
            [
                .. CommonKeys.NotesOn(settings, "the cluster gives GPUs out", "gpu_device"),
                .. useCpu
                    ? CommonKeys.NotesOn(
                        settings, "use_cpu is set", "tensor_parallel_size", "gpu_memory_utilization", "distributed_executor_backend")
                    : [],
            ],
        };
    }
}
