using System.Globalization;
using Sandbox.Cli.Terminals;
using Sandbox.Contracts.Management;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sandbox.Cli.Output;

/// <summary>The look of <c>top</c>.</summary>
internal static class TopPage
{
    private const double GiB = 1L << 30;
    private const double MiB = 1L << 20;

    /// <summary>Lines that titles, headings and the note below take.</summary>
    private const int Frame = 12;

    private static readonly Column[] NodeColumns =
    [
        new("NODE", Least: 8), new("STATE"), new("SANDBOXES", Rank: 1), new("CPUS", Rank: 4), new("MEMORY", Rank: 3), new("CPU USED"),
        new("MEM USED"), new("NOTE", Least: 8, Rank: 2),
    ];

    private static readonly Column[] SandboxColumns =
    [
        new("SANDBOX", Least: 12), new("STATE"), new("NODE", Least: 8, Rank: 2), new("IMAGE", Least: 12, Rank: 1), new("CPUS", Rank: 4),
        new("MEMORY", Rank: 3), new("CPU USED"), new("MEM USED"), new("AGE", Rank: 5), new("STOPS IN", Rank: 6),
    ];

    /// <summary>For programs: the kind first, then the cells, with tabs in between.</summary>
    public static void WriteLines(TopView view)
    {
        foreach (var cells in view.Nodes.Select(node => Cells(node, view).Prepend("node"))
            .Concat(view.Sandboxes.Select(row => Cells(row).Prepend("sandbox"))))
        {
            StandardStreams.WriteOutputLine(string.Join('\t', Printer.OneLine(cells)));
        }
    }

    /// <param name="rows">Lines of the screen; null: as many as it takes.</param>
    /// <param name="width">Characters of a line.</param>
    public static IRenderable Draw(TopView view, int? rows, int width, DateTimeOffset now)
    {
        var most = rows is { } height ? Math.Max(1, height - Frame - view.Nodes.Count) : view.Sandboxes.Count;
        var shown = view.Sandboxes.Take(most).ToList();
        var parts = new List<IRenderable>();
        if (view.Nodes.Count > 0)
        {
            parts.Add(FittedTable.Of(NodeColumns, [.. view.Nodes.Select(node => Printer.OneLine(Cells(node, view)))], width));
        }

        parts.Add(FittedTable.Of(SandboxColumns, [.. shown.Select(row => Printer.OneLine(ShownCells(row, now)))], width));
        parts.Add(
            new Text(
                shown.Count < view.Total ? $" {shown.Count} of {view.Total} sandboxes" : $" {view.Total} sandboxes",
                new Style(decoration: Decoration.Dim)));
        return new Rows(parts);
    }

    private static IReadOnlyList<string> Cells(NodeResult node, TopView view) =>
    [
        node.Name, node.State, node.Sandboxes.ToString(CultureInfo.InvariantCulture),
        Taken(node.Capacity.Cpus, node.Free.Cpus, 1, ""), Taken(node.Capacity.MemoryBytes, node.Free.MemoryBytes, GiB, " GiB"),
        .. Cells(view.NodeUse.GetValueOrDefault(node.Name)), node.Unavailable ?? (node.Draining ? "draining" : ""),
    ];

    /// <summary>For people: how long ago and how long from now, instead of times.</summary>
    private static IReadOnlyList<string> ShownCells(TopRow row, DateTimeOffset now) =>
        [.. Cells(row).SkipLast(2), Times.Short(row.CreateTime, now), Times.Short(row.AutoStopTime, now)];

    private static IReadOnlyList<string> Cells(TopRow row) =>
    [
        row.SandboxId, row.State, row.Node ?? "", row.Image, row.Cpus?.ToString("0.##", CultureInfo.InvariantCulture) ?? "",
        row.Memory ?? "",
        .. Cells(row.Use), row.CreateTime ?? "", row.AutoStopTime ?? "",
    ];

    private static string[] Cells(TopUsage? use) =>
    [
        use?.Cpus?.ToString("0.00", CultureInfo.InvariantCulture) ?? "",
        use is { MemoryBytes: var bytes } ? string.Create(CultureInfo.InvariantCulture, $"{bytes / MiB:0.#} MiB") : "",
    ];

    private static string Taken(double? whole, double? free, double unit, string name) => whole is { } all && free is { } left
        ? string.Create(CultureInfo.InvariantCulture, $"{(all - left) / unit:0.##}/{all / unit:0.##}{name}")
        : "";
}
