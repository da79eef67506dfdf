using System.Globalization;
using Sandbox.Cli.Terminals;

namespace Sandbox.Cli.Output;

/// <summary>Times for people ("2 minutes ago") on a terminal, RFC 3339 when piped.</summary>
internal static class Times
{
    private static readonly (TimeSpan Length, string Name, string Letter)[] Units =
    [
        (TimeSpan.FromDays(365), "year", "y"),
        (TimeSpan.FromDays(30), "month", "mo"),
        (TimeSpan.FromDays(7), "week", "w"),
        (TimeSpan.FromDays(1), "day", "d"),
        (TimeSpan.FromHours(1), "hour", "h"),
        (TimeSpan.FromMinutes(1), "minute", "m"),
        (TimeSpan.FromSeconds(1), "second", "s"),
    ];

    /// <summary>A time as the server writes it; what is no time is shown as it is, and none is empty.</summary>
    public static string Shown(string? time, DateTimeOffset now) =>
        StandardStreams.OutputIsTerminal && TryParse(time) is { } at ? Relative(at, now) : time ?? "";

    /// <param name="none">What stands for no time.</param>
    public static string Shown(DateTimeOffset? time, DateTimeOffset now, string none) =>
        time is not { } at ? none : StandardStreams.OutputIsTerminal ? Relative(at, now) : Rfc3339(at);

    public static string Rfc3339(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture);

    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        var (count, unit) = Largest((now - at).Duration());
        var distance = string.Create(CultureInfo.InvariantCulture, $"{count} {unit.Name}{(count == 1 ? "" : "s")}");
        return count == 0 ? "now" : at <= now ? $"{distance} ago" : $"in {distance}";
    }

    /// <summary>The distance in its largest unit, for a narrow column: <c>2m</c>, <c>3d</c>.</summary>
    public static string Short(string? time, DateTimeOffset now)
    {
        if (TryParse(time) is not { } at)
        {
            return time ?? "";
        }

        var (count, unit) = Largest((now - at).Duration());
        return string.Create(CultureInfo.InvariantCulture, $"{count}{unit.Letter}");
    }

    private static (long Count, (TimeSpan Length, string Name, string Letter) Unit) Largest(TimeSpan distance)
    {
        var unit = Array.Find(Units, unit => distance >= unit.Length);
        unit = unit == default ? Units[^1] : unit;
        return ((long)(distance / unit.Length), unit);
    }

    private static DateTimeOffset? TryParse(string? time) =>
        DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}
