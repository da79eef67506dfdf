using System.Diagnostics.CodeAnalysis;
using Cronos;

namespace Sandbox.Rollout.Schedules;

/// <summary>The times of a cron expression in a time zone. Where clocks are changed, a time that does not exist is at the change, and one
/// that comes twice is once.</summary>
public sealed class CronTimes
{
    /// <summary>Longest expression, in characters.</summary>
    public const int LongestExpression = 100;

    /// <summary>Most times that are counted of those that passed.</summary>
    public const int MostCounted = 10_000;

    private readonly CronExpression _expression;
    private readonly TimeZoneInfo _zone;

    private CronTimes(CronExpression expression, TimeZoneInfo zone) => (_expression, _zone) = (expression, zone);

    /// <param name="problem">What is wrong with the expression or the zone.</param>
    public static bool TryParse(
        string cron, string timeZone, [NotNullWhen(true)] out CronTimes? times, [NotNullWhen(false)] out string? problem)
    {
        (times, problem) = (null, null);
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone))
        {
            problem = $"There is no time zone {timeZone} here: give an IANA name, for example Europe/Berlin.";
            return false;
        }

        try
        {
            if (cron.Length > LongestExpression)
            {
                throw new CronFormatException($"It is longer than {LongestExpression} characters.");
            }

            times = new CronTimes(CronExpression.Parse(cron), zone);
            return true;
        }
        catch (CronFormatException exception)
        {
            problem = $"The schedule is no cron expression (minute hour day month weekday): {exception.Message}";
            return false;
        }
    }

    /// <summary>The first time after a moment; null: there is none.</summary>
    public DateTimeOffset? After(DateTimeOffset moment) => _expression.GetNextOccurrence(moment, _zone)?.ToUniversalTime();

    /// <summary>The times from one to another moment, both included: how many (at most <see cref="MostCounted"/>), and the last.</summary>
    public (int Count, DateTimeOffset Last) Between(DateTimeOffset from, DateTimeOffset to)
    {
        var (count, last) = (0, from);
        foreach (var time in _expression.GetOccurrences(from, to, _zone, fromInclusive: true, toInclusive: true).Take(MostCounted))
        {
            (count, last) = (count + 1, time.ToUniversalTime());
        }

        return (count, last);
    }
}
