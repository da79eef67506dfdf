using Sandbox.Cli.Output;

namespace Sandbox.Cli.Tests.Output;

public sealed class ColumnFitTests
{
    private static readonly Column[] Columns = [new("NAME", Least: 6), new("IMAGE", Least: 8, Rank: 1), new("CPUS", Rank: 2)];

    [Fact]
    public void Fit_WhereAllFit_LeavesThemAsTheyAre() => Assert.Equal([10, 12, 4], ColumnFit.Fit(Columns, [10, 12, 2], 30));

    [Fact]
    public void Fit_WhereTheyDoNot_CutsTheWidestFirst()
    {
        Assert.Equal([10, 10, 4], ColumnFit.Fit(Columns, [10, 12, 2], 28));
        Assert.Equal([6, 8, 4], ColumnFit.Fit(Columns, [10, 12, 2], 22));
    }

    [Fact]
    public void Fit_WhereCuttingIsNotEnough_LeavesOutTheHighestRankFirst()
    {
        Assert.Equal([6, 11, 0], ColumnFit.Fit(Columns, [6, 30, 2], 19));
        Assert.Equal([6, 0, 0], ColumnFit.Fit(Columns, [10, 12, 2], 6));
    }

    [Fact]
    public void Fit_WhereNothingHelps_KeepsTheFirst() => Assert.Equal([6, 0, 0], ColumnFit.Fit(Columns, [6, 12, 2], 3));
}
