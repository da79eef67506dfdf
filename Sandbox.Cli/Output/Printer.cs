using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Cli.Terminals;
using Spectre.Console;

namespace Sandbox.Cli.Output;

/// <summary>Results: a table on a terminal, plain lines with tabs when piped, JSON when asked.</summary>
internal static class Printer
{
    public static void Rows<T>(
        bool json, IReadOnlyList<T> rows, JsonTypeInfo<IReadOnlyList<T>> type, IReadOnlyList<string> columns,
        Func<T, IReadOnlyList<string>> cells)
    {
        if (json)
        {
            Json(rows, type);
        }
        else
        {
            Lines(columns, [.. rows.Select(cells)]);
        }
    }

    /// <summary>The same, each row on one line: what does not fit a terminal is cut or left out.</summary>
    public static void Rows<T>(
        bool json, IReadOnlyList<T> rows, JsonTypeInfo<IReadOnlyList<T>> type, IReadOnlyList<Column> columns,
        Func<T, IReadOnlyList<string>> cells)
    {
        if (json)
        {
            Json(rows, type);
        }
        else if (StandardStreams.OutputIsTerminal)
        {
            AnsiConsole.Write(FittedTable.Of(columns, [.. rows.Select(row => OneLine(cells(row)))], AnsiConsole.Profile.Width));
        }
        else
        {
            Lines([.. columns.Select(column => column.Heading)], [.. rows.Select(cells)]);
        }
    }

    /// <summary>A table on a terminal, with its headings even when it is empty; plain lines with tabs when piped.</summary>
    public static void Lines(IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (StandardStreams.OutputIsTerminal)
        {
            Table(columns, rows);
            return;
        }

        foreach (var row in rows)
        {
            StandardStreams.WriteOutputLine(string.Join('\t', OneLine(row)));
        }
    }

    /// <summary>One line of a list without an end: aligned on a terminal, with tabs when piped.</summary>
    /// <param name="widths">Characters that a cell takes at least.</param>
    public static void Line(IReadOnlyList<string> cells, IReadOnlyList<int> widths) =>
        StandardStreams.WriteOutputLine(StandardStreams.OutputIsTerminal
            ? string.Join(' ', OneLine(cells).Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd()
            : string.Join('\t', OneLine(cells)));

    /// <summary>The cells without control characters, which would break lines, or be commands to the terminal.</summary>
    public static IReadOnlyList<string> OneLine(IEnumerable<string> cells) =>
        [.. cells.Select(PlainText.OneLine)];

    public static void Result(bool json, Done done, string text)
    {
        if (json)
        {
            Json(done, CliJson.Default.Done);
        }
        else
        {
            StandardStreams.WriteOutputLine(text);
        }
    }

    public static void Json<T>(T value, JsonTypeInfo<T> type) =>
        StandardStreams.WriteOutputLine(JsonSerializer.Serialize(value, type));

    private static void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            // What names a row stays in one piece.
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))) { NoWrap = column == columns[0] });
        }

        foreach (var row in rows)
        {
            table.AddRow(OneLine(row).Select(cell => new Text(cell)));
        }

        AnsiConsole.Write(table);
    }
}
