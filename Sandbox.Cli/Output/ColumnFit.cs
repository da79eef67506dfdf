namespace Sandbox.Cli.Output;

/// <summary>How wide columns are so that they fit a screen: the widest that may be cut gives way first, then whole columns do.</summary>
internal static class ColumnFit
{
    /// <summary>Characters between two columns.</summary>
    public const int Gap = 2;

    /// <param name="content">Widest cell of each column, its heading not counted.</param>
    /// <returns>The width of each column; 0: left out.</returns>
    public static int[] Fit(IReadOnlyList<Column> columns, IReadOnlyList<int> content, int screen)
    {
        int[] widths = [.. columns.Select((column, i) => Math.Max(column.Heading.Length, content[i]))];
        while (TakenBy(widths) > screen)
        {
            if (!TryCut(columns, widths, TakenBy(widths) - screen) && !TryLeaveOut(columns, widths))
            {
                break;
            }
        }

        return widths;
    }

    private static int TakenBy(int[] widths)
    {
        var shown = widths.Count(width => width > 0);
        return widths.Sum() + (Gap * Math.Max(0, shown - 1));
    }

    /// <summary>False where cutting alone cannot take away so much.</summary>
    private static bool TryCut(IReadOnlyList<Column> columns, int[] widths, int excess)
    {
        int LeastOf(int i) => Math.Max(columns[i].Least ?? int.MaxValue, columns[i].Heading.Length);
        List<int> elastic = [.. Enumerable.Range(0, widths.Length).Where(i => widths[i] > LeastOf(i))];
        if (elastic.Sum(i => widths[i] - LeastOf(i)) < excess)
        {
            return false;
        }

        for (; excess > 0; excess--)
        {
            widths[elastic.Where(i => widths[i] > LeastOf(i)).MaxBy(i => widths[i])]--;
        }

        return true;
    }

    private static bool TryLeaveOut(IReadOnlyList<Column> columns, int[] widths)
    {
        var last = Enumerable.Range(0, widths.Length).Where(i => widths[i] > 0 && columns[i].Rank > 0)
            .OrderByDescending(i => columns[i].Rank).Select(i => (int?)i).FirstOrDefault();
        if (last is not { } index)
        {
            return false;
        }

        widths[index] = 0;
        return true;
    }
}
