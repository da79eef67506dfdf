using System.Globalization;
using Sandbox.Api.Http;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.E2b;

/// <summary>Which sandboxes a list is to have.</summary>
internal sealed record ListQuery
{
    public const int MostItems = 100;

    public static IReadOnlyList<string> Parameters { get; } =
        ["metadata?", "state?", "startedAfter?", "template?", "order?", "limit?", "nextToken?"];

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>False: only paused ones, of which there are none.</summary>
    public bool WantsRunning { get; init; } = true;

    public DateTimeOffset? StartedAfter { get; init; }

    /// <summary>Name or alias of a template.</summary>
    public string? Template { get; init; }

    public bool IsAscending { get; init; }

    public int Limit { get; init; } = MostItems;

    public PageToken? After { get; init; }

    public bool Matches(SandboxInstance sandbox, string? template) =>
        (StartedAfter is not { } time || sandbox.CreatedAt >= time)
        && (template is null || E2bViews.TemplateNameOf(sandbox) == template)
        && Metadata.All(entry => sandbox.Spec.Metadata.TryGetValue(entry.Key, out var value) && value == entry.Value);

    /// <returns>What is wrong, or the query.</returns>
    public static (ListQuery? Query, string? Problem) Read(IQueryCollection query)
    {
        var twice = query.FirstOrDefault(parameter => parameter.Value.Count > 1).Key;
        if (twice is not null)
        {
            return (null, $"{(twice.Length > 40 ? twice[..40] + "…" : twice)}: it is given more than once.");
        }

        if (!TryReadMetadata(query["metadata"].ToString(), out var metadata))
        {
            return (null, "metadata: a form-encoded list of entries (name=value&name=value), encoded once more as a whole.");
        }

        var states = Text(query, "state")?.Split(',') ?? ["running"];
        if (states.Any(state => state is not ("running" or "paused")))
        {
            return (null, "state: running or paused, or both with a comma between them.");
        }

        if (Text(query, "order") is not (null or "asc" or "desc"))
        {
            return (null, "order: asc or desc.");
        }

        var (startedAfter, limit, token) = (Text(query, "startedAfter"), Text(query, "limit"), Text(query, "nextToken"));
        var started = default(DateTimeOffset?);
        if (startedAfter is not null)
        {
            if (!QueryReader.TryTime(startedAfter, out started))
            {
                return (null, "startedAfter: a time as 2030-01-31T00:00:00Z.");
            }
        }

        var number = MostItems;
        if (limit is not null
            && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number is < 1 or > MostItems))
        {
            return (null, $"limit: a whole number from 1 to {MostItems}.");
        }

        var after = default(PageToken?);
        if (token is not null && !PageToken.TryParse(token, out after))
        {
            return (null, "nextToken: it is none of this server's.");
        }

        return (new ListQuery
        {
            Metadata = metadata,
            WantsRunning = states.Contains("running"),
            StartedAfter = started,
            Template = Text(query, "template"),
            IsAscending = Text(query, "order") is "asc",
            Limit = number,
            After = after,
        }, null);
    }

    private static string? Text(IQueryCollection query, string name) => query[name] is [{ Length: > 0 } text] ? text : null;

    /// <summary>What decoding the query leaves is a form by itself, whose names and values were encoded before they were put into
    /// it.</summary>
    private static bool TryReadMetadata(string text, out Dictionary<string, string> metadata)
    {
        metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            if (entry.Split('=') is not [{ Length: > 0 } name, var value] || Decode(name) is not { } key || Decode(value) is not { } wanted)
            {
                return false;
            }

            metadata[key] = wanted;
        }

        return true;
    }

    /// <summary>Null: it is not encoded so.</summary>
    private static string? Decode(string text) =>
        IsEncoded(text) && Uri.UnescapeDataString(text.Replace('+', ' ')) is var once && IsEncoded(once)
            ? Uri.UnescapeDataString(once) : null;

    private static bool IsEncoded(string text)
    {
        for (var at = text.IndexOf('%', StringComparison.Ordinal); at >= 0; at = text.IndexOf('%', at + 1))
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
            {
                return false;
            }
        }

        return true;
    }
}
