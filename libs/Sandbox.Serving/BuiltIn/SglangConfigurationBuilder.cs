using System.Collections.Immutable;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.BuiltIn;

/// <summary>The command of SGLang's <c>sglang.launch_server</c>. It has no key <c>api_key</c>: SGLang takes one as an argument only, where
/// each process of the machine can read it.</summary>
internal sealed class SglangConfigurationBuilder() : EngineConfigurationBuilder(new(Name, Keys))
{
    public const string Name = "sglang";

    private const string Flashinfer = "flashinfer";

    private static ImmutableArray<ConfigurationKey> Keys =>
    [
        .. CommonKeys.Start("python3"),
        CommonKeys.TensorParallelSize,
        ConfigurationKey.WholeNumber("tp_size", "SGLang's name of `tensor_parallel_size`.", 1, 1024),
        ConfigurationKey.Fraction(
            "mem_fraction_static", "The part of each GPU's memory for weights and cache; without it, SGLang's choice."),
        ConfigurationKey.Choice(
            "dtype", "The type of weights and activations. `auto` is bfloat16 on the CPU.", "auto",
            "auto", "half", "float16", "bfloat16", "float", "float32"),
        CommonKeys.ContextLength("context_length"),
        ConfigurationKey.Text("load_format", "The format of the weights.", "auto"),
        ConfigurationKey.Text("download_dir", "The folder for what is downloaded."),
        ConfigurationKey.Text("quantization", "How the weights are quantized, `fp8` for one."),
        ConfigurationKey.Flag("trust_remote_code", "Run code that comes with the model."),
        ConfigurationKey.Text("attention_backend", "The kernels of the attention; without it, SGLang's choice."),
        ConfigurationKey.Flag("enable_flashinfer", "The same as `attention_backend: flashinfer`."),
        ConfigurationKey.Text("grammar_backend", "What structured output is generated with."),
        ConfigurationKey.Flag("disable_radix_cache", "Keep nothing of what was computed of a prompt's beginning."),
        ConfigurationKey.WholeNumber(
            "chunked_prefill_size", "The most tokens of a prompt that are computed at once; -1 for no limit.", -1, int.MaxValue),
        ConfigurationKey.Text("lora_paths", "LoRA adapters, separated by commas: PATH or NAME=PATH."),
        ConfigurationKey.Text("custom_chat_template", "The chat template: a file's path, or the name of one that SGLang has."),
        CommonKeys.HuggingFaceToken,
    ];

    protected override ImmutableArray<string> CheckTogether(EngineSettings settings) =>
    [
        .. CommonKeys.CheckModel(settings),
        .. settings.IsSet("tp_size") && settings.IsSet("tensor_parallel_size")
            && settings.WholeNumber("tp_size") != settings.WholeNumber("tensor_parallel_size")
            ? ["tp_size and tensor_parallel_size are the same setting and must not differ"]
            : Array.Empty<string>(),
        .. settings.Flag("enable_flashinfer") && (settings.FindText("attention_backend") ?? Flashinfer) != Flashinfer
            ? ["enable_flashinfer asks for another attention_backend than the one that is set"]
            : Array.Empty<string>(),
        .. LoraPaths(settings).Any(path => path is "" or ['-', ..]) ? ["lora_paths has a path that is empty or begins with '-'"]
            : Array.Empty<string>(),
    ];

    protected override EngineLaunch Build(EngineSettings settings)
    {
        var model = CommonKeys.FindModel(settings)!;
        var useCpu = settings.Flag("use_cpu");
        var attention = settings.FindText("attention_backend") ?? (settings.Flag("enable_flashinfer") ? Flashinfer : null);
        var parallelKey = settings.IsSet("tp_size") ? "tp_size" : "tensor_parallel_size";
        var arguments = new ArgumentVector(settings.Text("program"), "-m", "sglang.launch_server", "--model-path", model)
            .Add("--host", settings.Text("host"))
            .Add("--port", CommonKeys.Port(settings))
            .Add("--served-model-name", settings.FindText("served_model_name"))
            .Add("--dtype", settings.Text("dtype") is "auto" && useCpu ? "bfloat16" : settings.Text("dtype"))
            .Add("--context-length", settings.FindNumber("context_length"))
            .AddIf(settings.Flag("trust_remote_code"), "--trust-remote-code");
        if (useCpu)
        {
            arguments.AddIf(true, "--device", "cpu", "--disable-overlap-schedule");
        }
        else
        {
            arguments
                .Add("--tensor-parallel-size", settings.FindNumber(parallelKey))
                .Add("--mem-fraction-static", settings.FindNumber("mem_fraction_static"))
                .Add("--attention-backend", attention);
        }

        arguments
            .Add("--download-dir", settings.FindText("download_dir"))
            .Add("--load-format", settings.Text("load_format"))
            .Add("--quantization", settings.FindText("quantization"))
            .Add("--grammar-backend", settings.FindText("grammar_backend"))
            .AddIf(settings.Flag("disable_radix_cache"), "--disable-radix-cache")
            .Add("--chunked-prefill-size", settings.FindNumber("chunked_prefill_size"))
            .AddIf(LoraPaths(settings) is not [], ["--lora-paths", .. LoraPaths(settings)])
            .Add("--chat-template", settings.FindText("custom_chat_template"));
        return CommonKeys.Launch(settings, CommonKeys.ServedName(settings, model), arguments.ToImmutable()) with
        {
            TensorParallelSize = useCpu ? 1 : settings.WholeNumber(parallelKey),
            Environment = useCpu
                ? ImmutableSortedDictionary<string, string>.Empty.Add("SGLANG_USE_CPU_ENGINE", "1")
                : ImmutableSortedDictionary<string, string>.Empty,
            Secrets = CommonKeys.Secrets(settings, ("hf_token", "HF_TOKEN"), ("hf_token", "HUGGING_FACE_HUB_TOKEN")),
            Notes = useCpu
                ? CommonKeys.NotesOn(
                    settings, "use_cpu is set",
                    "tensor_parallel_size", "tp_size", "mem_fraction_static", "attention_backend", "enable_flashinfer")
                : [],
        };
    }

    private static string[] LoraPaths(EngineSettings settings) =>
        settings.FindText("lora_paths")?.Split(',', StringSplitOptions.TrimEntries) ?? [];
}
