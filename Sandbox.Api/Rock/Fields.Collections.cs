using System.Text.Json;

namespace Sandbox.Api.Rock;

// Lists, maps and objects within the object.
internal sealed partial class Fields
{
    public IReadOnlyList<string> Texts(string name) => TryFind(name, out var value) ? TextsOf(name, value) : [];

    public IReadOnlyList<string> RequiredTexts(string name) => Demand(name) is { } value ? TextsOf(name, value) : [];

    public IReadOnlyList<string>? OptionalTexts(string name) => TryFindValue(name, out var value) ? TextsOf(name, value) : null;

    public IReadOnlyDictionary<string, string>? OptionalMap(string name)
    {
        if (!TryFindValue(name, out var value))
        {
            return null;
        }

        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (value.ValueKind is not JsonValueKind.Object)
        {
            Refuse(name, "Input should be a valid dictionary");
            return map;
        }

        foreach (var member in value.EnumerateObject())
        {
            map[member.Name] = TextOf($"{name}.{member.Name}", member.Value);
        }

        return map;
    }

    /// <summary>A member that is an object itself; its problems become ours.</summary>
    public T? OptionalObject<T>(string name, Func<Fields, T> read)
        where T : class
    {
        if (!TryFindValue(name, out var value))
        {
            return null;
        }

        if (value.ValueKind is not JsonValueKind.Object)
        {
            Refuse(name, "Input should be a valid dictionary");
            return null;
        }

        var inner = new Fields(value, $"{location}.{name}");
        var result = read(inner);
        _problems.AddRange(inner._problems);
        return result;
    }

    /// <summary>A string, or an array of strings, kept as it came.</summary>
    public JsonElement TextOrTexts(string name)
    {
        if (Demand(name) is not { } value)
        {
            return default;
        }

        var readable = value.ValueKind switch
        {
            JsonValueKind.String => TryGetString(value) is not null,
            JsonValueKind.Array =>
                value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String && TryGetString(item) is not null),
            _ => false,
        };
        if (!readable)
        {
            Refuse($"{name}.str", "Input should be a valid string");
            Refuse($"{name}.list[str]", "Input should be a valid list");
        }

        return value.Clone();
    }

    private List<string> TextsOf(string name, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Array)
        {
            return [.. value.EnumerateArray().Select((item, index) => TextOf($"{name}.{index}", item))];
        }

        Refuse(name, "Input should be a valid list");
        return [];
    }
}
