using System.Text.Json;

namespace Sandbox.Observability.Tests;

/// <summary>The files of <c>deploy/</c>.</summary>
internal static class Deployed
{
    public static string Folder { get; } = FindFolder();

    /// <summary>Every query of every panel: dashboard, panel, query.</summary>
    public static IEnumerable<(string Dashboard, string Panel, string Query)> Queries() =>
        from file in Directory.EnumerateFiles(Path.Combine(Folder, "grafana", "dashboards"), "*.json").Order()
        let board = JsonDocument.Parse(File.ReadAllText(file)).RootElement
        from panel in board.GetProperty("panels").EnumerateArray()
        from target in panel.GetProperty("targets").EnumerateArray()
        select (Path.GetFileName(file), panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!);

    private static string FindFolder()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(
            folder ?? throw new InvalidOperationException($"No Sandbox.Aspire.sln above {AppContext.BaseDirectory}."), "deploy");
    }
}
