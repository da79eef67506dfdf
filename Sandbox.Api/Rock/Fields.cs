using System.Globalization;
using System.Text.Json;

namespace Sandbox.Api.Rock;

/// <summary>
/// Reads the members of one JSON object and gathers all that is wrong with them, each under its location
/// (<c>body.image</c>). Accepts the spellings that ROCK's server accepts: whole numbers written as <c>5.0</c> or
/// <c>"5"</c>, booleans written as <c>"yes"</c>, and so on. A getter that finds a problem returns a harmless value; the
/// caller looks at <see cref="Problems"/> before it uses any.
/// </summary>
internal sealed partial class Fields(JsonElement body, string location)
{
    public const string Required = "Field required";

    /// <summary>Problems that are told; who makes more of them knows enough by then.</summary>
    internal const int MostProblems = 20;

    /// <summary>Items of a list, or members of a map, that are looked at. More is refused before any of them is.</summary>
    internal const int MostItems = 131_072;

    private readonly List<string> _problems = [];

    public IReadOnlyList<string> Problems => _problems;

    public bool Has(string name) => body.TryGetProperty(name, out _);

    public void Refuse(string name, string reason) => Add($"{location}.{name}: {reason}");

    private void Add(string problem)
    {
        if (_problems.Count < MostProblems)
        {
            _problems.Add(problem);
        }
    }

    /// <summary>Required and not only white space; trimmed.</summary>
    public string Name(string name)
    {
        var before = _problems.Count;
        var text = Text(name).Trim();
        if (text.Length == 0 && _problems.Count == before)
        {
            Refuse(name, "String should have at least 1 character");
        }

        return text;
    }

    public string Text(string name) => Demand(name) is { } value ? TextOf(name, value) : "";

    /// <summary>A number counts as its text.</summary>
    public string TextOrNumber(string name) =>
        TryFind(name, out var value) && value.ValueKind is JsonValueKind.Number ? value.GetRawText() : Text(name);

    public string Text(string name, string fallback) => TryFind(name, out var value) ? TextOf(name, value) : fallback;

    /// <summary>Null when absent or null.</summary>
    public string? OptionalText(string name) => TryFindValue(name, out var value) ? TextOf(name, value) : null;

    public string Choice(string name, string fallback, params ReadOnlySpan<string> allowed)
    {
        if (!TryFind(name, out var value))
        {
            return fallback;
        }

        if (value.ValueKind is JsonValueKind.String && TryGetString(value) is { } text && allowed.Contains(text))
        {
            return text;
        }

        var names = string.Join(", ", allowed[..^1].ToArray().Select(one => $"'{one}'"));
        Refuse(name, $"Input should be {(names.Length > 0 ? names + " or " : "")}'{allowed[^1]}'");
        return fallback;
    }

    public bool Flag(string name, bool fallback)
    {
        if (!TryFind(name, out var value))
        {
            return fallback;
        }

        if (PydanticValues.TryReadBoolean(value, out var flag))
        {
            return flag;
        }

        Refuse(name, "Input should be a valid boolean");
        return fallback;
    }

    public int? OptionalInteger(string name, int min = int.MinValue)
    {
        if (!TryFindValue(name, out var value))
        {
            return null;
        }

        if (PydanticValues.WhyNotInteger(value, out var number) is { } reason)
        {
            Refuse(name, reason);
        }
        else if (number < min)
        {
            Refuse(name, $"{name} must be >= {min.ToString(CultureInfo.InvariantCulture)}");
        }

        return number;
    }

    public int Integer(string name, int fallback)
    {
        if (!TryFind(name, out var value))
        {
            return fallback;
        }

        if (PydanticValues.WhyNotInteger(value, out var number) is { } reason)
        {
            Refuse(name, reason);
        }

        return number;
    }

    public double? OptionalNumber(string name) => TryFindValue(name, out var value) ? NumberOf(name, value) : null;

    public double Number(string name, double fallback) => TryFind(name, out var value) ? NumberOf(name, value) : fallback;

    /// <summary>A path as a sandbox may be asked for it.</summary>
    public string Path(string name)
    {
        var path = Text(name);
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            Refuse(name, "must not contain a NUL character");
        }

        return path;
    }

    private JsonElement? Demand(string name)
    {
        if (TryFind(name, out var value))
        {
            return value;
        }

        Refuse(name, Required);
        return null;
    }

    private bool TryFind(string name, out JsonElement value) => body.TryGetProperty(name, out value);

    private bool TryFindValue(string name, out JsonElement value) => TryFind(name, out value) && value.ValueKind is not JsonValueKind.Null;

    private string TextOf(string name, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.String && TryGetString(value) is { } text)
        {
            return text;
        }

        Refuse(name, "Input should be a valid string");
        return "";
    }

    private double NumberOf(string name, JsonElement value)
    {
        if (PydanticValues.WhyNotNumber(value, out var number) is { } reason)
        {
            Refuse(name, reason);
        }

        return number;
    }

    private static string? TryGetString(JsonElement value) => PydanticValues.TryGetString(value);
}
