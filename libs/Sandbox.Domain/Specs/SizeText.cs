using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Sandbox.Domain.Specs;

/// <summary>Sizes as people write them: <c>512m</c>, <c>1.5Gi</c>, <c>8G</c>. Units are binary, in any case; without one it
/// is bytes.</summary>
public static partial class SizeText
{
    private static readonly FrozenDictionary<string, int> Shifts = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)
    {
        [""] = 0,
        ["b"] = 0,
        ["k"] = 10,
        ["kb"] = 10,
        ["ki"] = 10,
        ["m"] = 20,
        ["mb"] = 20,
        ["mi"] = 20,
        ["g"] = 30,
        ["gb"] = 30,
        ["gi"] = 30,
        ["t"] = 40,
        ["tb"] = 40,
        ["ti"] = 40,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a size of zero or more whole bytes (what is left below a byte is dropped). False for anything else,
    /// and for what does not fit.</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        var match = Form().Match(text?.Trim() ?? "");
        if (!match.Success
            || !Shifts.TryGetValue(match.Groups[2].Value, out var shift)
            || !decimal.TryParse(match.Groups[1].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number > (decimal)(long.MaxValue >> shift))
        {
            return false;
        }

        bytes = (long)(number * (1L << shift));
        return true;
    }

    /// <summary>In the largest unit that says it exactly: <c>64g</c>.</summary>
    public static string Of(long bytes)
    {
        string[] units = ["", "k", "m", "g", "t"];
        var unit = 0;
        while (unit < units.Length - 1 && bytes != 0 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            unit++;
        }

        return bytes.ToString(CultureInfo.InvariantCulture) + units[unit];
    }

    [GeneratedRegex(@"^([0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})([A-Za-z]{0,2})\z")]
    private static partial Regex Form();
}
