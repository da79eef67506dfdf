using System.Collections.Immutable;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.BuiltIn;

/// <summary>The command of <c>Sandbox.Serving.Llama</c>, this project's own program: one GGUF file on the CPU.</summary>
internal sealed class LlamaConfigurationBuilder() : EngineConfigurationBuilder(new(Name, Keys))
{
    public const string Name = "llama";

    private static ImmutableArray<ConfigurationKey> Keys =>
    [
        .. CommonKeys.Start("Sandbox.Serving.Llama"),
        ConfigurationKey.WholeNumber(
            "context_length", "Tokens of a context; without it 4096, and never more than the model's own.", 1, int.MaxValue),
        ConfigurationKey.WholeNumber("threads", "How many threads compute a request; without it, llama.cpp's choice.", 1, 4096),
        ConfigurationKey.WholeNumber("parallel", "How many requests are computed at once, each with a context; without it 1.", 1, 256),
        ConfigurationKey.WholeNumber("queue", "How many requests may wait for a context; without it 64.", 0, 100_000),
        ConfigurationKey.Secret("api_key", "The key that its routes ask for. Reaches the engine as LLAMA_API_KEY."),
    ];

    protected override ImmutableArray<string> CheckTogether(EngineSettings settings) => CommonKeys.CheckModel(settings);

    protected override EngineLaunch Build(EngineSettings settings)
    {
        var model = CommonKeys.FindModel(settings)!;
        var name = settings.FindText("served_model_name") ?? Path.GetFileNameWithoutExtension(model);
        var arguments = new ArgumentVector(settings.Text("program"))
            .Add("--model", model)
            .Add("--host", settings.Text("host"))
            .Add("--port", CommonKeys.Port(settings))
            .Add("--alias", name)
            .Add("--ctx-size", settings.FindNumber("context_length"))
            .Add("--threads", settings.FindNumber("threads"))
            .Add("--parallel", settings.FindNumber("parallel"))
            .Add("--queue", settings.FindNumber("queue"));
        return CommonKeys.Launch(settings, name, arguments.ToImmutable()) with
        {
            // It has no other mode.
            UseCpu = true,
            ApiKey = settings.FindSecret("api_key"),
            Secrets = CommonKeys.Secrets(settings, ("api_key", "LLAMA_API_KEY")),
        };
    }
}
