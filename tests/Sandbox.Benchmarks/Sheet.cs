namespace Sandbox.Benchmarks;

/// <summary>The rows of a run, told as they come.</summary>
internal sealed class Sheet
{
    private readonly List<Row> _rows = [];

    public IReadOnlyList<Row> Rows => _rows;

    public void Add(Row row)
    {
        _rows.Add(row);
        Console.WriteLine($"{row.What}: {row.MeasuredText} (budget {row.BudgetText}, {row.Verdict}; {row.Detail})");
    }
}
