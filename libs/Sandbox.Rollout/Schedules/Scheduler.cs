using System.Globalization;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Deployments;

namespace Sandbox.Rollout.Schedules;

/// <summary>
/// Begins what is due. A due time is taken in the transaction that begins its deployment, so that it begins at most once,
/// however many processes look. Of several times that passed unseen one run is made, and the others are recorded as missed.
/// </summary>
public sealed class Scheduler(IScheduleStore schedules, IDeploymentStore deployments, TimeProvider time)
{
    /// <summary>Takes all due times as of now.</summary>
    public async Task TickAsync(CancellationToken cancellationToken)
    {
        foreach (var schedule in await schedules.DueAsync(time.GetUtcNow(), cancellationToken))
        {
            await TakeAsync(schedule, cancellationToken);
        }
    }

    private async Task TakeAsync(Schedule schedule, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (!CronTimes.TryParse(schedule.Cron, schedule.TimeZone, out var times, out var problem))
        {
            // This machine lacks the zone's file: another may have it, so nothing is taken, and the schedule is not forgotten either.
            throw new InvalidOperationException($"The schedule {schedule.Name} cannot be read here: {problem}");
        }

        var first = schedule.NextAt!.Value;
        var (passed, last) = times.Between(first, now);
        var isBusy = (await deployments.ActiveAsync(cancellationToken)).Any(active => active.Schedule == schedule.Id);
        var missed = isBusy ? passed : passed - 1;
        var begun = isBusy ? null : new Deployment(Guid.NewGuid(), schedule.CreatedBy, now)
        {
            Steps = schedule.Steps(),
            Schedule = schedule.Id,
        };
        var what = new List<AuditEvent>();
        if (missed > 0)
        {
            what.Add(new AuditEvent(
                now, schedule.CreatedBy, "schedule.missed", schedule.Id.ToString(),
                AuditEvent.DetailOf(
                    ("name", schedule.Name), ("times", missed.ToString(CultureInfo.InvariantCulture)), ("first", Text(first)),
                    ("reason", isBusy ? "the run before had not ended" : "nobody looked at the time"))));
        }

        if (begun is not null)
        {
            what.Add(new AuditEvent(
                now, schedule.CreatedBy, "schedule.due", schedule.Id.ToString(),
                AuditEvent.DetailOf(("name", schedule.Name), ("due", Text(last)), ("deployment", begun.Id.ToString()))));
            what.Add(DeploymentLog.EventOf(begun, schedule.CreatedBy, "deployment.started", now));
        }

        var next = schedule with
        {
            NextAt = times.After(now),
            LastAt = begun is null ? schedule.LastAt : last,
            LastDeployment = begun?.Id ?? schedule.LastDeployment,
            Missed = schedule.Missed + missed,
            Version = schedule.Version + 1,
        };
        await schedules.TryClaimAsync(next, begun, what, cancellationToken);
    }

    private static string Text(DateTimeOffset moment) => moment.ToString("O", CultureInfo.InvariantCulture);
}
