using Microsoft.Extensions.Configuration;

namespace Sandbox.Cli.Servers;

/// <summary>What the environment says (<c>SANDBOX_…</c>); the command line wins.</summary>
internal sealed record CliSettings
{
    /// <summary>A server to talk to, instead of the standalone one.</summary>
    public string? Url { get; init; }

    public string? ApiKey { get; init; }

    /// <summary>The name of the server to talk to (<see cref="ContextChoice"/>); null: the current context.</summary>
    public string? Context { get; init; }

    public required string DataFolder { get; init; }

    /// <summary>Whether a person said which folder.</summary>
    public bool NamesDataFolder { get; init; }

    public string Image { get; init; } = BaseImage.Name;

    /// <summary><c>auto</c>, <c>docker</c> or <c>local</c>.</summary>
    public string Deployment { get; init; } = "auto";

    /// <summary>Level of the standalone server's log lines; null: none.</summary>
    public string? Log { get; init; }

    public static CliSettings Read()
    {
        var environment = new ConfigurationBuilder().AddEnvironmentVariables("SANDBOX_").Build();
        return new CliSettings
        {
            Url = NotBlank(environment["URL"]),
            ApiKey = NotBlank(environment["API_KEY"]),
            Context = NotBlank(environment["CONTEXT"]),
            NamesDataFolder = NotBlank(environment["DATA"]) is not null,
            DataFolder = NotBlank(environment["DATA"]) ?? DefaultDataFolder(),
            Image = NotBlank(environment["IMAGE"]) ?? BaseImage.Name,
            Deployment = NotBlank(environment["DEPLOYMENT"]) ?? "auto",
            Log = NotBlank(environment["LOG"]),
        };
    }

    /// <summary>Follows XDG_DATA_HOME.</summary>
    private static string DefaultDataFolder() => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "sandbox");

    private static string? NotBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
