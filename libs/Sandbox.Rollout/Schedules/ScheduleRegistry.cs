using System.Text.RegularExpressions;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Rollout.Schedules;

/// <summary>Adds, removes, pauses and resumes schedules.</summary>
public sealed partial class ScheduleRegistry(IScheduleStore store, TimeProvider time)
{
    /// <summary>Most schedules that there may be.</summary>
    public const int Most = 100;

    public Task<IReadOnlyList<Schedule>> ListAsync(CancellationToken cancellationToken) => store.SchedulesAsync(cancellationToken);

    /// <summary>Adds a schedule.</summary>
    /// <param name="checkpoint">Null: the whole rollout.</param>
    /// <exception cref="ScheduleException">What was given is none, or the name is taken.</exception>
    public async Task<Schedule> AddAsync(
        string name, string cron, string timeZone, Checkpoint? checkpoint, string by, CancellationToken cancellationToken)
    {
        if (!Name().IsMatch(name))
        {
            throw new ScheduleException("A schedule's name has 1 to 64 lower-case letters, digits and hyphens.");
        }

        var now = time.GetUtcNow();
        if (!CronTimes.TryParse(cron, timeZone, out var times, out var problem))
        {
            throw new ScheduleException(problem);
        }

        if (times.After(now) is not { } first)
        {
            throw new ScheduleException($"No time ever fits '{cron}'.");
        }

        var all = await store.SchedulesAsync(cancellationToken);
        if (all.Count >= Most)
        {
            throw new ScheduleException($"There are {Most} schedules already, and no more are kept.");
        }

        var added = new Schedule(Guid.NewGuid(), name, cron, timeZone, by, now) { Checkpoint = checkpoint?.Name, NextAt = first };
        return await store.TryWriteAsync(added, Event(added, by, "schedule.added"), cancellationToken)
            ? added
            : throw new ScheduleException($"There is a schedule {name} already.");
    }

    /// <exception cref="ScheduleException">There is none of that name.</exception>
    public async Task RemoveAsync(string name, string by, CancellationToken cancellationToken)
    {
        var schedule = await FindAsync(name, cancellationToken);
        if (!await store.TryRemoveAsync(schedule.Id, Event(schedule, by, "schedule.removed"), cancellationToken))
        {
            throw Unknown(name);
        }
    }

    /// <summary>Due times of a schedule that is paused pass, and are not made up for.</summary>
    /// <exception cref="ScheduleException">There is none of that name.</exception>
    public Task<Schedule> PauseAsync(string name, string by, CancellationToken cancellationToken) =>
        ChangeAsync(name, by, "schedule.paused", schedule => schedule with { IsPaused = true, NextAt = null }, cancellationToken);

    /// <exception cref="ScheduleException">There is none of that name, or its time zone is not known here.</exception>
    public Task<Schedule> ResumeAsync(string name, string by, CancellationToken cancellationToken) => ChangeAsync(
        name, by, "schedule.resumed",
        schedule => CronTimes.TryParse(schedule.Cron, schedule.TimeZone, out var times, out var problem)
            ? schedule with { IsPaused = false, NextAt = times.After(time.GetUtcNow()) }
            : throw new ScheduleException(problem),
        cancellationToken);

    private static ScheduleException Unknown(string name) => new($"There is no schedule {name}.");

    private async Task<Schedule> ChangeAsync(
        string name, string by, string action, Func<Schedule, Schedule> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            var schedule = await FindAsync(name, cancellationToken);
            var next = change(schedule) with { Version = schedule.Version + 1 };
            if (await store.TryWriteAsync(next, Event(next, by, action), cancellationToken))
            {
                return next;
            }
        }
    }

    private async Task<Schedule> FindAsync(string name, CancellationToken cancellationToken) =>
        (await store.SchedulesAsync(cancellationToken)).FirstOrDefault(schedule => schedule.Name == name) ?? throw Unknown(name);

    private AuditEvent Event(Schedule schedule, string by, string action) => new(
        time.GetUtcNow(), by, action, schedule.Id.ToString(),
        AuditEvent.DetailOf(
            ("name", schedule.Name), ("cron", schedule.Cron), ("time_zone", schedule.TimeZone),
            ("checkpoint", schedule.Checkpoint ?? "all")));

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,63}$")]
    private static partial Regex Name();
}
