using System.Collections.Immutable;
using System.Globalization;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.BuiltIn;

/// <summary>The keys that more than one engine has, and what is made of them.</summary>
internal static class CommonKeys
{
    public const string MissingModel = "model is required (or model_source)";

    private const int MostGpus = 1024;

    public static ImmutableArray<ConfigurationKey> Start(string program) =>
    [
        ConfigurationKey.Text("engine", "The engine's name; read before its configuration is."),
        ConfigurationKey.Text("model_source", "The model: a name on the Hugging Face hub, or a path. Goes before `model`."),
        ConfigurationKey.Text("model", "The same, when `model_source` is not set. One of the two is required."),
        ConfigurationKey.Text("served_model_name", "The name by which clients ask for the model; without it, the model's own."),
        ConfigurationKey.Text("program", "The program that is run.", program),
        ConfigurationKey.Text("image", "The image of its sandbox; without it, the program that is installed is run."),
        ConfigurationKey.Text("host", "The address on which it listens.", "127.0.0.1"),
        ConfigurationKey.WholeNumber("port", "The port on which it listens.", 1, 65535, 8000),
        ConfigurationKey.Flag("use_cpu", "Take no GPU; keys about GPUs have no effect."),
    ];

    public static ConfigurationKey TensorParallelSize { get; } =
        ConfigurationKey.WholeNumber("tensor_parallel_size", "Over how many GPUs the model is spread.", 1, MostGpus, 1);

    public static ConfigurationKey HuggingFaceToken { get; } = ConfigurationKey.Secret(
        "hf_token", "Token for the Hugging Face hub. Reaches the engine as HF_TOKEN and HUGGING_FACE_HUB_TOKEN.");

    public static ConfigurationKey ContextLength(string name) =>
        ConfigurationKey.WholeNumber(name, "The longest context, in tokens; without it, the model's own.", 1, int.MaxValue);

    /// <summary>What every launch has of them.</summary>
    public static EngineLaunch Launch(EngineSettings settings, string model, ImmutableArray<string> arguments) => new()
    {
        Model = model,
        Arguments = arguments,
        Port = settings.WholeNumber("port"),
        Image = settings.FindText("image"),
        UseCpu = settings.Flag("use_cpu"),
    };

    public static string? FindModel(EngineSettings settings) => settings.FindText("model_source") ?? settings.FindText("model");

    public static string ServedName(EngineSettings settings, string model) => settings.FindText("served_model_name") ?? model;

    public static string Port(EngineSettings settings) => settings.WholeNumber("port").ToString(CultureInfo.InvariantCulture);

    public static ImmutableArray<string> CheckModel(EngineSettings settings) => FindModel(settings) is null ? [MissingModel] : [];

    /// <summary>The variables that are set, of those that were given a key.</summary>
    public static ImmutableSortedDictionary<string, Secret> Secrets(
        EngineSettings settings, params IEnumerable<(string Key, string Variable)> variables) => variables
            .Select(pair => (pair.Variable, Secret: settings.FindSecret(pair.Key)))
            .Where(pair => pair.Secret is not null)
            .ToImmutableSortedDictionary(pair => pair.Variable, pair => pair.Secret!, StringComparer.Ordinal);

    /// <summary>A note on each key that was set although it has no effect.</summary>
    public static ImmutableArray<string> NotesOn(EngineSettings settings, string reason, params IEnumerable<string> keys) =>
        [.. keys.Where(settings.IsSet).Select(key => $"{key} has no effect: {reason}")];
}
