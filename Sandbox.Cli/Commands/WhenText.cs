using System.Globalization;

namespace Sandbox.Cli.Commands;

/// <summary>Times of the command line: absolute ones, and durations as <c>10m</c>.</summary>
internal static class WhenText
{
    /// <summary>What the help says of an option that takes a time of the past.</summary>
    public const string Ago = "30s, 10m, 2h or 1d ago, or a time as 2030-01-31T00:00:00Z.";

    /// <summary>A time of the past; null: none was given.</summary>
    /// <exception cref="CliException">It is neither a duration nor a time.</exception>
    public static DateTimeOffset? Past(string option, string? text, TimeProvider time) =>
        Read(option, text, ago => time.GetUtcNow() - ago);

    /// <summary>A time to come; null: none was given.</summary>
    /// <inheritdoc cref="Past"/>
    public static DateTimeOffset? Future(string option, string? text, TimeProvider time) =>
        Read(option, text, later => time.GetUtcNow() + later);

    private static DateTimeOffset? Read(string option, string? text, Func<TimeSpan, DateTimeOffset> relative) =>
        text is null ? null
        : Duration(text) is { } duration ? relative(duration)
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at
        : throw new CliException($"{option}: '{text}' is neither a time nor a number with d, h, m or s", ExitCodes.Usage);

    private static TimeSpan? Duration(string text) =>
        text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && count is > 0 and <= 36500 && UnitOf(text[^1]) is { } unit
            ? count * unit
            : null;

    private static TimeSpan? UnitOf(char letter) => letter switch
    {
        'd' => TimeSpan.FromDays(1),
        'h' => TimeSpan.FromHours(1),
        'm' => TimeSpan.FromMinutes(1),
        's' => TimeSpan.FromSeconds(1),
        _ => null,
    };
}
