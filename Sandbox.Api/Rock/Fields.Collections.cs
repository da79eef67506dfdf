using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Sandbox.Api.Rock;

// Lists, maps and objects within the object.
internal sealed partial class Fields
{
    public IReadOnlyList<string> Texts(string name) => TryFind(name, out var value) ? TextsOf(name, value) : [];

    /// <summary>At most <paramref name="most"/>; more are refused before any is read.</summary>
    public IReadOnlyList<string> RequiredTexts(string name, int most)
    {
        if (Demand(name) is not { } value)
        {
            return [];
        }

        if (value.ValueKind is JsonValueKind.Array && value.GetArrayLength() is var count && count > most)
        {
            Refuse(name, $"List should have at most {most} items after validation, not {count}");
            return [];
        }

        return TextsOf(name, value);
    }

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

        if (value.GetPropertyCount() > MostItems)
        {
            Refuse(name, $"Dictionary should have at most {MostItems} items");
            return map;
        }

        foreach (var member in value.EnumerateObject().TakeWhile(_ => _problems.Count < MostProblems))
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
        inner._problems.ForEach(Add);
        return result;
    }

    /// <summary>An object, written anew as text; null when absent or null.</summary>
    public string? OptionalJsonText(string name)
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

        try
        {
            var text = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(text))
            {
                value.WriteTo(writer);
            }

            return Encoding.UTF8.GetString(text.WrittenSpan);
        }
        catch (InvalidOperationException)
        {
            // What the writer of this platform throws at half of a surrogate pair.
            Refuse(name, "Input should be valid Unicode");
            return null;
        }
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
        if (value.ValueKind is not JsonValueKind.Array)
        {
            Refuse(name, "Input should be a valid list");
            return [];
        }

        if (value.GetArrayLength() > MostItems)
        {
            Refuse(name, $"List should have at most {MostItems} items");
            return [];
        }

        return
        [
            .. value.EnumerateArray().TakeWhile(_ => _problems.Count < MostProblems)
                .Select((item, index) => TextOf($"{name}.{index}", item)),
        ];
    }
}
