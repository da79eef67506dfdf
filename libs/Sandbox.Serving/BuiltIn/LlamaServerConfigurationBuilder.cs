using System.Collections.Immutable;
using System.Globalization;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.BuiltIn;

/// <summary>The command of llama.cpp's <c>llama-server</c>.</summary>
internal sealed class LlamaServerConfigurationBuilder() : EngineConfigurationBuilder(new(Name, Keys))
{
    public const string Name = "llama-cpp";

    private static ImmutableArray<ConfigurationKey> Keys =>
    [
        .. CommonKeys.Start("llama-server"),
        CommonKeys.TensorParallelSize,
        CommonKeys.ContextLength("context_length"),
        ConfigurationKey.WholeNumber("gpu_layers", "How many layers are on the GPUs; without it, as many as fit.", 0, 100_000),
        ConfigurationKey.WholeNumber("threads", "How many threads compute; without it, llama.cpp's choice.", 1, 4096),
        ConfigurationKey.WholeNumber("parallel", "How many requests are computed at once; without it, llama.cpp's choice.", 1, 4096),
        ConfigurationKey.Choice("flash_attention", "Use flash attention.", null, "on", "off", "auto"),
        ConfigurationKey.Text("custom_chat_template", "The file of the chat template."),
        ConfigurationKey.Flag("embeddings", "Serve embeddings only."),
        ConfigurationKey.Secret("hf_token", "Token for the Hugging Face hub. Reaches the engine as HF_TOKEN."),
        ConfigurationKey.Secret("api_key", "The key that its routes ask for. Reaches the engine as LLAMA_API_KEY."),
    ];

    protected override ImmutableArray<string> CheckTogether(EngineSettings settings) => CommonKeys.CheckModel(settings);

    protected override EngineLaunch Build(EngineSettings settings)
    {
        var model = CommonKeys.FindModel(settings)!;
        var (useCpu, parallel) = (settings.Flag("use_cpu"), settings.WholeNumber("tensor_parallel_size"));
        var arguments = new ArgumentVector(settings.Text("program"))
            .Add(IsFile(model) ? "--model" : "--hf-repo", model)
            .Add("--host", settings.Text("host"))
            .Add("--port", CommonKeys.Port(settings))
            .Add("--alias", CommonKeys.ServedName(settings, model))
            .Add("--ctx-size", settings.FindNumber("context_length"))
            .Add("--threads", settings.FindNumber("threads"))
            .Add("--parallel", settings.FindNumber("parallel"))
            .Add("--flash-attn", settings.FindText("flash_attention"))
            .Add("--chat-template-file", settings.FindText("custom_chat_template"))
            .AddIf(settings.Flag("embeddings"), "--embeddings");
        if (useCpu)
        {
            arguments.AddIf(true, "--device", "none");
        }
        else
        {
            arguments
                .Add("--gpu-layers", settings.FindNumber("gpu_layers"))
                .AddIf(parallel > 1, "--split-mode", "row", "--tensor-split", EqualParts(parallel));
        }

        return CommonKeys.Launch(settings, CommonKeys.ServedName(settings, model), arguments.ToImmutable()) with
        {
            TensorParallelSize = useCpu ? 1 : parallel,
            ApiKey = settings.FindSecret("api_key"),
            Secrets = CommonKeys.Secrets(settings, ("hf_token", "HF_TOKEN"), ("api_key", "LLAMA_API_KEY")),
            Notes = useCpu ? CommonKeys.NotesOn(settings, "use_cpu is set", "tensor_parallel_size", "gpu_layers") : [],
        };
    }

    private static bool IsFile(string model) =>
        model.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) || model.StartsWith('/') || model.StartsWith('.');

    private static string EqualParts(int count) => string.Join(',', Enumerable.Repeat(1.ToString(CultureInfo.InvariantCulture), count));
}
