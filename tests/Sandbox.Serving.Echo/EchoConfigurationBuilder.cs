using System.Collections.Immutable;
using System.Globalization;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Echo;

/// <summary>The command of this program.</summary>
internal sealed class EchoConfigurationBuilder() : EngineConfigurationBuilder(new(EchoPlugin.Name, Keys))
{
    public const string DefaultModel = "echo";

    /// <summary>The variable with the key that its routes ask for.</summary>
    public const string KeyVariable = "ECHO_API_KEY";

    private static ImmutableArray<ConfigurationKey> Keys =>
    [
        ConfigurationKey.Text("engine", "The engine's name."),
        ConfigurationKey.Text("model", "The name by which clients ask for it.", DefaultModel),
        ConfigurationKey.Text("image", "The image of its sandbox, which must have the .NET runtime; without it, this machine's."),
        ConfigurationKey.Text("host", "The address on which it listens.", "127.0.0.1"),
        ConfigurationKey.WholeNumber("port", "The port on which it listens.", 1, 65535, 8000),
        ConfigurationKey.Secret("api_key", "The key that its routes ask for."),
        ConfigurationKey.Flag("print_key", "Print the key, as an engine should not."),
    ];

    protected override ImmutableArray<string> CheckTogether(EngineSettings settings) => [];

    protected override EngineLaunch Build(EngineSettings settings) => new()
    {
        Model = settings.Text("model"),
        Arguments =
        [
            // The program lies beside the library of the same name.
            Path.ChangeExtension(typeof(EchoConfigurationBuilder).Assembly.Location, null),
            "--host", settings.Text("host"),
            "--port", settings.WholeNumber("port").ToString(CultureInfo.InvariantCulture),
            "--model", settings.Text("model"),
            .. settings.Flag("print_key") ? ["--print-key", "true"] : Array.Empty<string>(),
        ],
        Port = settings.WholeNumber("port"),
        Image = settings.FindText("image"),
        UseCpu = true,
        ApiKey = settings.FindSecret("api_key"),
        Secrets = settings.FindSecret("api_key") is { } key
            ? ImmutableSortedDictionary<string, Secret>.Empty.Add(KeyVariable, key)
            : ImmutableSortedDictionary<string, Secret>.Empty,
    };
}
