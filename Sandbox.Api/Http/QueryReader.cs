using System.Globalization;

namespace Sandbox.Api.Http;

/// <summary>The query of a request, read strictly: what is unknown, given twice or malformed is a problem, and the first one is
/// kept.</summary>
internal sealed class QueryReader
{
    private readonly IQueryCollection _query;

    /// <param name="documented">The parameters that there are, as the document of the API lists them: a question mark behind a name
    /// says that it may be left out.</param>
    public QueryReader(IQueryCollection query, IReadOnlyCollection<string> documented)
    {
        _query = query;
        var known = documented.Select(static name => name.TrimEnd('?')).ToList();
        foreach (var (name, values) in query)
        {
            if (!known.Contains(name))
            {
                Problem ??= $"{Shown(name)}: there is no such parameter; there are {string.Join(", ", known)}.";
            }
            else if (values.Count != 1)
            {
                Problem ??= $"{name}: it is given more than once.";
            }
            else if (values[0]?.Contains('\0', StringComparison.Ordinal) is true)
            {
                Problem ??= $"{name}: it contains a NUL character.";
            }
        }
    }

    /// <summary>Null: there is none.</summary>
    public string? Problem { get; private set; }

    public string? Text(string name) => _query[name] is [{ Length: > 0 } text] ? text : null;

    public int? Number(string name, int least, int most)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Problem ??= $"{name}: a whole number from {least} to {most}.";
        return null;
    }

    public bool? Flag(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (text is "true" or "false")
        {
            return text is "true";
        }

        Problem ??= $"{name}: true or false.";
        return null;
    }

    /// <summary>A time as RFC 3339 writes it.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (!TryTime(Text(name), out var time))
        {
            Problem ??= $"{name}: a time as 2030-01-31T00:00:00Z.";
        }

        return time;
    }

    /// <param name="text">Null: there is none, and that is no problem.</param>
    public static bool TryTime(string? text, out DateTimeOffset? time)
    {
        // A plus that was not escaped arrives as a space.
        var isTime = DateTimeOffset.TryParse(
            text?.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at);
        time = isTime ? at : null;
        return isTime || text is null;
    }

    private static string Shown(string name) => name.Length > 40 ? name[..40] + "…" : name;
}
