using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Auth;
using Sandbox.Api.Http;
using Sandbox.Api.Management;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Stores;

namespace Sandbox.Api.Rollouts;

/// <summary>Runs: what they print, how they end, and their stop.</summary>
internal static class ExecutionRoutes
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    /// <summary>Lines of output in one answer.</summary>
    private const int MostLines = 10_000;

    // Of a stream, read at once.
    private const int LinesAtOnce = 500;

    public static void Map(IEndpointRouteBuilder read, IEndpointRouteBuilder run)
    {
        read.MapGet("/executions", ListAsync).WithSummary("Runs, the newest first");
        read.MapGet("/executions/{id}", FindAsync).WithSummary("One run with what it printed");
        read.MapGet("/executions/{id}/output", FollowAsync)
            .WithSummary("What a run prints, as server-sent events until it has ended: the id of each is its line's number")
            .WithMetadata(
                new QueryParameters(RolloutStream.Query), StreamMetadata.Instance,
                new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/event-stream"]));
        run.MapPost("/executions/{id}/stop", StopAsync).WithSummary("Ends a run and all of its processes");
    }

    private static async Task<Results<JsonOk<ExecutionPageResult>, RolloutProblemResult>> ListAsync(
        [Description("Of this checkpoint only.")] string? checkpoint, [Description("In this state only.")] string? state,
        [Description("Started at this time or later.")] string? since,
        [Description("How many at most, 1 to 1000; 100 where it is not said.")] string? limit,
        [Description("What the page before gave as next.")] string? after, RolloutAccess rollout, CancellationToken cancellationToken)
    {
        var query = new ExecutionQuery { Checkpoint = checkpoint, Limit = DefaultLimit };
        if (limit is not null)
        {
            if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var most) || most is 0 or > MaxLimit)
            {
                return RolloutProblemResult.BadRequest($"limit: 1 to {MaxLimit}.");
            }

            query = query with { Limit = most };
        }

        if (state is not null)
        {
            if (StatusWord.Find<ExecutionState>(state) is not { } known)
            {
                return RolloutProblemResult.BadRequest($"state: one of {StatusWord.All<ExecutionState>()}.");
            }

            query = query with { State = known };
        }

        if (!QueryReader.TryTime(since, out var from))
        {
            return RolloutProblemResult.BadRequest("since: a time as 2030-01-31T00:00:00Z.");
        }

        if (after is not null)
        {
            if (!ExecutionCursor.TryParse(after, out var cursor))
            {
                return RolloutProblemResult.BadRequest("after: what a page gave as next.");
            }

            query = query with { After = cursor };
        }

        var page = await rollout.Store.ExecutionsAsync(query with { Since = from }, cancellationToken);
        return new JsonOk<ExecutionPageResult>(
            new ExecutionPageResult([.. page.Executions.Select(RolloutMessages.Of)], page.Next?.ToString()));
    }

    private static async Task<Results<JsonOk<ExecutionResult>, RolloutProblemResult>> FindAsync(
        string id, [Description("The number of the last line that the caller has; 0 where it is not said.")] string? after,
        RolloutAccess rollout, CancellationToken cancellationToken)
    {
        var from = 0L;
        if (after is not null && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out from))
        {
            return RolloutProblemResult.BadRequest("after: the number of a line.");
        }

        if (await RunAsync(id, rollout, cancellationToken) is not { } run)
        {
            return Unknown();
        }

        var lines = await rollout.Store.OutputAsync(run.Id, from, MostLines, cancellationToken);
        return new JsonOk<ExecutionResult>(RolloutMessages.Of(run) with
        {
            Output = [.. lines.Select(line => line.Text)],
            After = lines.Count > 0 ? lines[^1].Number : from,
        });
    }

    private static async Task FollowAsync(HttpContext http, RolloutAccess rollout, RolloutStream stream)
    {
        var name = http.Request.RouteValues["id"] as string ?? "";
        if (await RunAsync(name, rollout, http.RequestAborted) is not { } found)
        {
            await Unknown().ExecuteAsync(http);
            return;
        }

        await stream.SendAsync(http, async (after, cancellationToken) =>
        {
            // Its state first: a run that has ended prints no more.
            var run = await rollout.Store.FindExecutionAsync(found.Id, cancellationToken) ?? found;
            var lines = await rollout.Store.OutputAsync(found.Id, after, LinesAtOnce, cancellationToken);
            var isOver = !run.IsActive && lines.Count < LinesAtOnce;
            return new StreamPage([.. lines.Select(EventOf)], isOver ? EndOf(run) : null);
        });
    }

    private static async Task<Results<JsonOk<ExecutionResult>, RolloutProblemResult>> StopAsync(
        string id, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken)
    {
        if (await RunAsync(id, rollout, cancellationToken) is not { } run)
        {
            return Unknown();
        }

        return await rollout.StopAsync(run.Id, caller.Value.Name, cancellationToken)
            ? new JsonOk<ExecutionResult>(
                RolloutMessages.Of(await rollout.Store.FindExecutionAsync(run.Id, cancellationToken) ?? run))
            : new RolloutProblemResult(StatusCodes.Status409Conflict, "not_running", "The run has ended already.");
    }

    private static async Task<Execution?> RunAsync(string id, RolloutAccess rollout, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var run) ? await rollout.Store.FindExecutionAsync(run, cancellationToken) : null;

    private static RolloutProblemResult Unknown() => RolloutProblemResult.NotFound("There is no such run.");

    private static StreamEvent EventOf(OutputLine line) => new(
        line.Number, "line",
        JsonSerializer.Serialize(new OutputLineMessage(line.Number, line.Text), ManagementJson.Default.OutputLineMessage));

    private static StreamEvent EndOf(Execution run) => new(
        Number: null, "end", JsonSerializer.Serialize(RolloutMessages.Of(run), ManagementJson.Default.ExecutionResult));
}
