using System.Globalization;
using System.Text.Json;

namespace Sandbox.Api.Rock;

/// <summary>What counts as a boolean, an integer or a number for ROCK's clients, and what is said when something does not.</summary>
internal static class PydanticValues
{
    public const string NotBoolean = "Input should be a valid boolean, unable to interpret input";
    public const string NotInteger = "Input should be a valid integer, unable to parse string as an integer";

    public static bool TryReadBoolean(JsonElement value, out bool flag)
    {
        flag = value.ValueKind is JsonValueKind.True;
        return value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => true,
            JsonValueKind.Number =>
                value.TryGetDouble(out var number) && TryReadBoolean(number.ToString(CultureInfo.InvariantCulture), out flag),
            JsonValueKind.String => TryGetString(value) is { } text && TryReadBoolean(text, out flag),
            _ => false,
        };
    }

    public static bool TryReadBoolean(string text, out bool flag)
    {
        flag = text.ToUpperInvariant() is "TRUE" or "T" or "YES" or "Y" or "ON" or "1";
        return flag || text.ToUpperInvariant() is "FALSE" or "F" or "NO" or "N" or "OFF" or "0";
    }

    /// <summary>Null when it is one.</summary>
    public static string? WhyNotInteger(JsonElement value, out int number)
    {
        number = 0;
        switch (value.ValueKind)
        {
            case JsonValueKind.Number when value.TryGetInt32(out number):
                return null;
            case JsonValueKind.Number when value.TryGetDouble(out var real):
                return WhyNotInteger(real, out number);
            case JsonValueKind.String:
                return int.TryParse(TryGetString(value)?.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
                    ? null : NotInteger;
            default:
                return "Input should be a valid integer";
        }
    }

    /// <summary>Null when it is one.</summary>
    public static string? WhyNotNumber(JsonElement value, out double number)
    {
        number = 0;
        var parsed = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetDouble(out number),
            JsonValueKind.String =>
                double.TryParse(TryGetString(value)?.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out number),
            _ => false,
        };
        if (parsed)
        {
            return double.IsFinite(number) ? null : "Input should be a finite number";
        }

        return value.ValueKind is JsonValueKind.String
            ? "Input should be a valid number, unable to parse string as a number"
            : "Input should be a valid number";
    }

    /// <summary>Null for text that is no text, such as half of a surrogate pair.</summary>
    public static string? TryGetString(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? WhyNotInteger(double real, out int number)
    {
        number = 0;
        if (real != Math.Floor(real))
        {
            return "Input should be a valid integer, got a number with a fractional part";
        }

        if (real is < int.MinValue or > int.MaxValue)
        {
            return "Input should be a valid integer in the range of 32 bits";
        }

        number = (int)real;
        return null;
    }
}
