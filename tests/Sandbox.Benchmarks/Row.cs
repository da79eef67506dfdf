using System.Globalization;

namespace Sandbox.Benchmarks;

/// <summary>One measured number beside its budget.</summary>
/// <param name="Measured">In <paramref name="Unit"/>.</param>
/// <param name="Budget">Null: stands there for comparison only.</param>
/// <param name="AtLeast">The budget is a least, not a most.</param>
/// <param name="Detail">How it came about.</param>
internal sealed record Row(string What, double Measured, string Unit, double? Budget, bool AtLeast, string Detail)
{
    public bool IsMet => Budget is not { } budget || (AtLeast ? Measured >= budget : Measured <= budget);

    public string MeasuredText => $"{Number(Measured)} {Unit}".TrimEnd();

    public string BudgetText => Budget is { } budget ? $"{(AtLeast ? "≥" : "≤")} {Number(budget)} {Unit}".TrimEnd() : "–";

    public string Verdict => Budget is null ? "–" : IsMet ? "met" : "MISSED";

    public static Row AtMost(string what, double measured, string unit, double budget, string detail) =>
        new(what, measured, unit, budget, false, detail);

    public static Row AtLeastAs(string what, double measured, string unit, double budget, string detail) =>
        new(what, measured, unit, budget, true, detail);

    public static Row Info(string what, double measured, string unit, string detail) => new(what, measured, unit, null, false, detail);

    private static string Number(double number) =>
        number.ToString(Math.Abs(number) >= 100 ? "N0" : "0.##", CultureInfo.InvariantCulture);
}
