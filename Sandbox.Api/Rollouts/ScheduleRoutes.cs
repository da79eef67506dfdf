using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Auth;
using Sandbox.Api.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Schedules;

namespace Sandbox.Api.Rollouts;

/// <summary>Schedules: times at which a checkpoint or the whole rollout runs.</summary>
internal static class ScheduleRoutes
{
    public static void Map(IEndpointRouteBuilder read, IEndpointRouteBuilder run)
    {
        read.MapGet("/schedules", ListAsync).WithSummary("Schedules by their names");
        run.MapPost("/schedules", AddAsync).WithSummary("Adds a schedule; what needs an approval waits for one each time");
        run.MapPost("/schedules/{name}/pause", PauseAsync).WithSummary("Lets a schedule's times pass");
        run.MapPost("/schedules/{name}/resume", ResumeAsync).WithSummary("Lets a schedule run again, from its next time on");
        run.MapDelete("/schedules/{name}", RemoveAsync).WithSummary("Takes a schedule out; what it began goes on");
    }

    private static async Task<JsonOk<IReadOnlyList<ScheduleResult>>> ListAsync(
        RolloutAccess rollout, CancellationToken cancellationToken) =>
        new([.. (await rollout.Automation.Schedules.ListAsync(cancellationToken)).Select(ResultOf)]);

    private static async Task<Results<JsonCreated<ScheduleResult>, RolloutProblemResult, ProblemResult>> AddAsync(
        JsonBody<ScheduleRequest> body, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        var asked = body.Value;
        var checkpoint = asked.Checkpoint is { } name ? CheckpointCatalog.Find(name) : null;
        if (asked.Checkpoint is not null && checkpoint is null)
        {
            return RolloutProblemResult.UnknownCheckpoint(asked.Checkpoint);
        }

        try
        {
            return new JsonCreated<ScheduleResult>(ResultOf(await rollout.Automation.Schedules.AddAsync(
                asked.Name ?? "", asked.Cron ?? "", asked.TimeZone ?? "UTC", checkpoint, caller.Value.Name, cancellationToken)));
        }
        catch (ScheduleException exception)
        {
            return RolloutProblemResult.BadRequest(exception.Message);
        }
    }

    private static Task<Results<JsonOk<ScheduleResult>, RolloutProblemResult>> PauseAsync(
        string name, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken) =>
        ChangedAsync(() => rollout.Automation.Schedules.PauseAsync(name, caller.Value.Name, cancellationToken));

    private static Task<Results<JsonOk<ScheduleResult>, RolloutProblemResult>> ResumeAsync(
        string name, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken) =>
        ChangedAsync(() => rollout.Automation.Schedules.ResumeAsync(name, caller.Value.Name, cancellationToken));

    private static async Task<Results<NoContent, RolloutProblemResult>> RemoveAsync(
        string name, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken)
    {
        try
        {
            await rollout.Automation.Schedules.RemoveAsync(name, caller.Value.Name, cancellationToken);
            return TypedResults.NoContent();
        }
        catch (ScheduleException exception)
        {
            return RolloutProblemResult.NotFound(exception.Message);
        }
    }

    private static async Task<Results<JsonOk<ScheduleResult>, RolloutProblemResult>> ChangedAsync(Func<Task<Schedule>> change)
    {
        try
        {
            return new JsonOk<ScheduleResult>(ResultOf(await change()));
        }
        catch (ScheduleException exception)
        {
            return RolloutProblemResult.NotFound(exception.Message);
        }
    }

    private static ScheduleResult ResultOf(Schedule schedule) => new(
        schedule.Id, schedule.Name, schedule.Cron, schedule.TimeZone, schedule.Checkpoint, schedule.IsPaused, schedule.Missed)
    {
        NextAt = schedule.NextAt,
        LastAt = schedule.LastAt,
        LastDeploymentId = schedule.LastDeployment,
    };
}
