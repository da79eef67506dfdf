using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Contracts.Jobs;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

internal static class DeadLetterRoutes
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    public static void MapDeadLetters(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("Dead letters");
        group.MapGet("/dead-letters", ListAsync).WithSummary("Jobs that were given up, newest first");
        group.MapPost("/dead-letters/{id}/redrive", RedriveAsync).WithSummary("Makes a dead letter a job again");
    }

    private static async Task<Results<JsonOk<IReadOnlyList<DeadLetterResult>>, ProblemResult>> ListAsync(
        [Description("How many at most, 1 to 1000; 100 where it is not said.")] string? limit, IJobStore jobs,
        CancellationToken cancellationToken)
    {
        var most = DefaultLimit;
        if (limit is not null
            && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is 0 or > MaxLimit))
        {
            return ProblemResult.BadRequest($"limit: 1 to {MaxLimit}.");
        }

        var letters = await jobs.DeadLettersAsync(most, cancellationToken);
        return new JsonOk<IReadOnlyList<DeadLetterResult>>([.. letters.Select(ResultOf)]);
    }

    private static async Task<Results<NoContent, ProblemResult>> RedriveAsync(
        string id, IJobStore jobs, CancellationToken cancellationToken) =>
        long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && await jobs.TryRedriveAsync(number, cancellationToken)
            ? TypedResults.NoContent()
            : ProblemResult.NotFound("There is no such dead letter.");

    /// <summary>The name that the job has on the wire.</summary>
    private static string? KindOf(SandboxJob job) =>
        JsonSerializer.SerializeToElement(job, JobJson.Default.SandboxJob).GetProperty("kind").GetString();

    private static DeadLetterResult ResultOf(DeadLetter letter) => new(
        letter.Id, letter.SandboxId.ToString(), letter.Job is { } job ? KindOf(job) : null, letter.Attempts, letter.Reason, letter.At);
}
