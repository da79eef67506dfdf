using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Sandbox.Serving.BuiltIn;

namespace Sandbox.Serving.Tests;

/// <summary>Makes <c>docs/engine-keys.md</c> from the schemas of the engines.</summary>
internal static class EngineKeysPage
{
    private const string Head = """
        # Keys of the engines

        What the configuration of each engine may say. Made from the schemas: a test of `Sandbox.Serving.Tests` writes it to
        `artifacts/engine-keys.md` and compares. What is not named here is refused, with the nearest key that there is.

        """;

    /// <summary>The folder of the source that this was compiled from.</summary>
    public static string Repository { get; } = FindRepository();

    public static string Make()
    {
        var page = new StringBuilder(Head);
        foreach (var engine in BuiltInEngines.All)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {engine.Name}\n\n| key | values | default | |\n|---|---|---|---|\n");
            foreach (var key in engine.Configuration.Schema.Keys)
            {
                var byDefault = key.Default is { } value ? $"`{value}`" : "";
                page.Append(CultureInfo.InvariantCulture, $"| `{key.Name}` | {key.Values} | {byDefault} | {key.Summary} |\n");
            }
        }

        return page.ToString();
    }

    private static string FindRepository([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
