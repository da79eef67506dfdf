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
            StandardStreams.WriteOutputLine(string.Join('\t', row.Select(OneLine)));
        }
    }

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
            table.AddRow(row.Select(cell => new Text(OneLine(cell))));
        }

        AnsiConsole.Write(table);
    }

    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
