using System.Globalization;
using System.Text.RegularExpressions;

namespace Sandbox.House.Tests;

/// <summary>What users must be able to do is a numbered table; each test that shows a row of it carries the row's number.</summary>
public sealed partial class ContractRowTests
{
    /// <summary>The rollout's rows.</summary>
    private const int First = 1, Last = 28;

    [Fact]
    public void Rows_OfTheRollout_EachHaveATest()
    {
        var shown = Repository.Sources()
            .SelectMany(file => Row().Matches(File.ReadAllText(file)))
            .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

        var missing = Enumerable.Range(First, Last - First + 1).Except(shown);

        Assert.True(!missing.Any(), $"rows without a test that names them: {string.Join(", ", missing)}");
    }

    [GeneratedRegex(@"\[.*Trait\(""Row"", ""([0-9]+)""\)")]
    private static partial Regex Row();
}
