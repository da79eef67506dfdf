using System.Text.Json;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;
using Sandbox.Api.Sandboxes;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

/// <summary>The sandboxes in all states, page by page; or, with <c>deleted=true</c>, those that were deleted within the time for which
/// their ids stay refused.</summary>
internal sealed class SandboxListEndpoint(PageReader pages, StatusViews views, TimeProvider time)
{
    private const string Page = "page";
    private const string PageSize = "page_size";
    private const string Deleted = "deleted";
    private const int DefaultPageSize = 500;

    private static readonly string[] Filters =
        ["state", "image", "user_id", "experiment_id", "namespace", "sandbox_id", "host_name", "host_ip", "tenant"];

    public static IReadOnlyList<string> Query { get; } = [$"{Page}?", $"{PageSize}?", $"{Deleted}?", .. Filters.Select(name => $"{name}?")];

    public async Task HandleAsync(HttpContext http)
    {
        var query = new QueryReader(http.Request.Query, Query);
        var page = query.Number(Page, least: 1, most: int.MaxValue) ?? 1;
        var size = query.Number(PageSize, least: 1, RockRequests.MaxPage) ?? DefaultPageSize;
        var deleted = query.Flag(Deleted) ?? false;
        var filter = Filters.Select(name => KeyValuePair.Create(name, query.Text(name))).Where(field => field.Value is not null)
            .ToDictionary(field => field.Key, field => field.Value!, StringComparer.Ordinal);
        if (query.Problem is { } problem)
        {
            await ProblemResult.BadRequest(problem).ExecuteAsync(http);
            return;
        }

        var asked = new SandboxQuery([], filter, page, size)
        {
            DeletedSince = deleted ? time.GetUtcNow() - ISandboxStore.TombstoneFor : null,
        };
        if (await pages.ReadAsync(http, asked) is not { } found)
        {
            await ProblemResult.Of(new SandboxError.Overloaded(IsDone: false)).ExecuteAsync(http);
            return;
        }

        var result = new ListResult
        {
            Items = [.. found.Items.Select(views.ListItemOf)],
            Total = found.Total,
            HasMore = (long)page * size < found.Total,
        };
        await JsonAnswer.WriteAsync(http, writer => JsonSerializer.Serialize(writer, result, RockJson.Default.ListResult));
    }
}
