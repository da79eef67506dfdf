using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sandbox.Benchmarks;

internal static class Report
{
    private static readonly JsonSerializerOptions Json =
        new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static string Table(IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder("| what | measured | budget | |\n|---|---:|---:|---|\n");
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.What} | {row.MeasuredText} | {row.BudgetText} | {row.Verdict} |\n");
        }

        return text.ToString();
    }

    public static async Task WriteAsync(string folder, IReadOnlyList<Row> rows)
    {
        Directory.CreateDirectory(folder);
        var text = new StringBuilder("# Last run of ./bench\n\n");
        text.Append(
            CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, {Environment.OSVersion}. ");
        text.Append("Ratios are between runs side by side; compare them, not the milliseconds.\n\n").Append(Table(rows))
            .Append("\nHow the numbers came about:\n\n");
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"- {row.What}: {row.Detail}\n");
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "latest.md"), text.ToString());
        await File.WriteAllTextAsync(Path.Combine(folder, "latest.json"), JsonSerializer.Serialize(rows, Json) + "\n");
    }
}
