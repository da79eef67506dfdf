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

    private static readonly string[] NodeColumns = ["NODE", "STATE", "SANDBOXES", "CPUS", "MEMORY", "CPU USED", "MEMORY USED", "NOTE"];
    private static readonly string[] SandboxColumns =
        ["SANDBOX", "STATE", "NODE", "IMAGE", "CPUS", "MEMORY", "CPU USED", "MEMORY USED", "CREATED", "STOPS"];

    /// <summary>For programs: the kind first, then the cells, with tabs in between.</summary>
    public static void WriteLines(TopView view)
    {
        foreach (var cells in view.Nodes.Select(node => Cells(node, view).Prepend("node"))
            .Concat(view.Sandboxes.Select(row => Cells(row).Prepend("sandbox"))))
        {
            StandardStreams.WriteOutputLine(string.Join('\t', cells.Select(OneLine)));
        }
    }

    /// <param name="rows">Lines of the screen; null: as many as it takes.</param>
    public static IRenderable Draw(TopView view, int? rows)
    {
        var most = rows is { } height ? Math.Max(1, height - Frame - view.Nodes.Count) : view.Sandboxes.Count;
        var shown = view.Sandboxes.Take(most).ToList();
        var parts = new List<IRenderable>();
        if (view.Nodes.Count > 0)
        {
            parts.Add(TableOf(NodeColumns, view.Nodes.Select(node => Cells(node, view))));
        }

        parts.Add(TableOf(SandboxColumns, shown.Select(Cells)));
        parts.Add(
            new Text(
                shown.Count < view.Total ? $" {shown.Count} of {view.Total} sandboxes" : $" {view.Total} sandboxes",
                new Style(decoration: Decoration.Dim)));
        return new Rows(parts);
    }

    private static Table TableOf(IEnumerable<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).NoWrap());
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(OneLine(cell)) { Overflow = Overflow.Ellipsis }));
        }

        return table;
    }

    private static IReadOnlyList<string> Cells(NodeResult node, TopView view) =>
    [
        node.Name, node.State, node.Sandboxes.ToString(CultureInfo.InvariantCulture),
        Taken(node.Capacity.Cpus, node.Free.Cpus, 1, ""), Taken(node.Capacity.MemoryBytes, node.Free.MemoryBytes, GiB, " GiB"),
        .. Cells(view.NodeUse.GetValueOrDefault(node.Name)), node.Unavailable ?? (node.Draining ? "draining" : ""),
    ];

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

    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
