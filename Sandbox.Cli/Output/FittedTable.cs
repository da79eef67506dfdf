using Spectre.Console;

namespace Sandbox.Cli.Output;

/// <summary>A table that fits its screen: each row is one line, and what does not fit is cut, or left out.</summary>
internal static class FittedTable
{
    /// <summary>Characters that the table itself takes at its edges.</summary>
    private const int Margins = 3;

    /// <param name="rows">Without control characters.</param>
    /// <param name="width">Characters of a line.</param>
    public static Table Of(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows, int width)
    {
        int ContentOf(int i) => rows.Select(row => row[i].GetCellWidth()).DefaultIfEmpty().Max();
        var widths = ColumnFit.Fit(columns, [.. columns.Select((_, i) => ContentOf(i))], width - Margins);
        List<int> shown = [.. Enumerable.Range(0, columns.Count).Where(i => widths[i] > 0)];
        var table = new Table().Border(TableBorder.Simple);
        foreach (var i in shown)
        {
            var heading = new Text(columns[i].Heading, new Style(decoration: Decoration.Bold)) { Overflow = Overflow.Ellipsis };
            table.AddColumn(new TableColumn(heading) { Width = widths[i], Padding = new Padding(0, 0, 1, 0), NoWrap = true });
        }

        foreach (var row in rows)
        {
            table.AddRow(shown.Select(i => new Text(row[i]) { Overflow = Overflow.Ellipsis }));
        }

        return table;
    }
}
