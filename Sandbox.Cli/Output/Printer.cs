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
        else if (StandardStreams.OutputIsTerminal)
        {
            Table(columns, rows.Select(cells));
        }
        else
        {
            foreach (var row in rows)
            {
                StandardStreams.WriteOutputLine(string.Join('\t', cells(row).Select(OneLine)));
            }
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
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(OneLine(cell))));
        }

        AnsiConsole.Write(table);
    }

    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
