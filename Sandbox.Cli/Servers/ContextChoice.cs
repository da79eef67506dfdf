using Sandbox.Client.Contexts;
using Sandbox.Standalone;

namespace Sandbox.Cli.Servers;

/// <summary>Which server a command talks to: the one that the environment names by address or by context, the standalone one where a person
/// named its data folder, the current context, and else the standalone one.</summary>
internal static class ContextChoice
{
    /// <summary>The server in the data folder, by name.</summary>
    public const string Standalone = "standalone";

    /// <summary>Null: the standalone server.</summary>
    /// <exception cref="CliException">There is no such context, or the address is none.</exception>
    public static ServerContext? Of(CliSettings settings, ContextFile file)
    {
        if (settings.Url is { } url)
        {
            return Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
                ? new ServerContext(address, settings.ApiKey ?? KeyFor(address, settings, file))
                : throw new CliException($"SANDBOX_URL is not an http address: {url}");
        }

        if (settings.Context is null && settings.NamesDataFolder)
        {
            return null;
        }

        var known = file.Read();
        var name = settings.Context ?? known.Current;
        return name is null or Standalone ? null
            : known.Contexts.TryGetValue(name, out var context) ? context with { ApiKey = settings.ApiKey ?? context.ApiKey }
            : throw new CliException($"there is no context {name}; sandbox context ls lists them");
    }

    /// <summary>A key that this machine has for that very server: of a context, or of the standalone server in the data folder.</summary>
    private static string? KeyFor(Uri address, CliSettings settings, ContextFile file)
    {
        var served = PrivateFile.Read(DataFolder.ServerFileOf(settings.DataFolder), ContextJson.Default.ServerContext);
        return file.Read().Contexts.Values.Append(served)
            .FirstOrDefault(context => context?.IsAt(address) is true && context.ApiKey is not null)?.ApiKey;
    }
}
