using System.Globalization;
using System.Text.Json;
using Sandbox.Contracts.Jobs;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

internal sealed class DeadLetterRoutes(IJobStore jobs)
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    public async Task ListAsync(HttpContext http)
    {
        var limit = DefaultLimit;
        if (http.Request.Query["limit"] is [{ } text]
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is 0 or > MaxLimit))
        {
            await Problems.BadRequestAsync(http, $"limit: 1 to {MaxLimit}.");
            return;
        }

        var letters = await jobs.DeadLettersAsync(limit, http.RequestAborted);
        await ManagementBody.WriteAsync(http, [.. letters.Select(ResultOf)], ManagementJson.Default.IReadOnlyListDeadLetterResult);
    }

    public async Task RedriveAsync(HttpContext http) =>
        await (long.TryParse((string)http.GetRouteValue("id")!, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && await jobs.TryRedriveAsync(id, http.RequestAborted)
            ? ManagementBody.WriteNothingAsync(http)
            : Problems.NotFoundAsync(http, "There is no such dead letter."));

    /// <summary>The name that the job has on the wire.</summary>
    private static string? KindOf(SandboxJob job) =>
        JsonSerializer.SerializeToElement(job, JobJson.Default.SandboxJob).GetProperty("kind").GetString();

    private static DeadLetterResult ResultOf(DeadLetter letter) => new(
        letter.Id, letter.SandboxId.ToString(), letter.Job is { } job ? KindOf(job) : null, letter.Attempts, letter.Reason, letter.At);
}
