using System.Collections.Immutable;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.BuiltIn;

/// <summary>The command of <c>ollama serve</c>, which takes its settings from its environment. A second command brings its model.</summary>
internal sealed class OllamaConfigurationBuilder() : EngineConfigurationBuilder(new(Name, Keys))
{
    public const string Name = "ollama";

    /// <summary>Variables that are set as they are asked for, by key.</summary>
    private static readonly (string Key, string Variable)[] Variables =
    [
        ("models_dir", "OLLAMA_MODELS"), ("keep_alive", "OLLAMA_KEEP_ALIVE"), ("context_length", "OLLAMA_CONTEXT_LENGTH"),
        ("num_parallel", "OLLAMA_NUM_PARALLEL"), ("max_loaded_models", "OLLAMA_MAX_LOADED_MODELS"), ("max_queue", "OLLAMA_MAX_QUEUE"),
        ("kv_cache_type", "OLLAMA_KV_CACHE_TYPE"),
    ];

    private static ImmutableArray<ConfigurationKey> Keys =>
    [
        // Ollama knows its models by its own names only.
        .. CommonKeys.Start("ollama").Where(key => key.Name is not "served_model_name"),
        ConfigurationKey.Flag("pull", "Bring the model before it is served; false when it is in `models_dir`.", true),
        ConfigurationKey.Text("models_dir", "The folder of the models."),
        ConfigurationKey.Text("keep_alive", "How long an idle model stays loaded: 5m, 1h, or `always`."),
        CommonKeys.ContextLength("context_length"),
        ConfigurationKey.WholeNumber("num_parallel", "How many requests a model computes at once.", 1, 4096),
        ConfigurationKey.WholeNumber("max_loaded_models", "How many models are loaded at once.", 1, 4096),
        ConfigurationKey.WholeNumber("max_queue", "How many requests wait before it refuses.", 1, int.MaxValue),
        ConfigurationKey.Flag("flash_attention", "Use flash attention."),
        ConfigurationKey.Choice("kv_cache_type", "The type of the cache.", null, "f16", "q8_0", "q4_0"),
    ];

    protected override ImmutableArray<string> CheckTogether(EngineSettings settings) => CommonKeys.CheckModel(settings);

    protected override EngineLaunch Build(EngineSettings settings)
    {
        var model = CommonKeys.FindModel(settings)!;
        var (program, host, useCpu) = (settings.Text("program"), settings.Text("host"), settings.Flag("use_cpu"));
        var environment = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        environment["OLLAMA_HOST"] = $"{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{CommonKeys.Port(settings)}";
        foreach (var (key, variable) in Variables.Where(pair => settings.IsSet(pair.Key)))
        {
            environment[variable] = (key, settings.Text(key)) is ("keep_alive", "always") ? "-1" : settings.Text(key);
        }

        if (settings.Flag("flash_attention"))
        {
            environment["OLLAMA_FLASH_ATTENTION"] = "1";
        }

        if (useCpu)
        {
            // No GPU of NVIDIA or AMD has this number.
            environment["CUDA_VISIBLE_DEVICES"] = environment["ROCR_VISIBLE_DEVICES"] = "-1";
        }

        return CommonKeys.Launch(settings, model, [program, "serve"]) with
        {
            Environment = environment.ToImmutable(),
            AfterStart = settings.Flag("pull") ? [program, "pull", model] : [],
        };
    }
}
