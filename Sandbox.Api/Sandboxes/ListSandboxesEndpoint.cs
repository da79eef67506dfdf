using System.Globalization;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Sandboxes;

/// <summary>What is pending or running, page by page.</summary>
internal sealed class ListSandboxesEndpoint(PageReader pages, StatusViews views)
{
    public const string FailureMessage = "list sandboxes failed";

    private const string Page = "page";
    private const string PageSize = "page_size";
    private const int DefaultPageSize = 500;

    public static IReadOnlyList<SandboxState> Live { get; } = [SandboxState.Pending, SandboxState.Running];

    public async Task HandleAsync(HttpContext http)
    {
        var problems = new List<string>();
        var page = Number(http.Request.Query, Page, 1, int.MaxValue, problems);
        var size = Number(http.Request.Query, PageSize, DefaultPageSize, RockRequests.MaxPage, problems);
        problems.AddRange(
            http.Request.Query.Where(field => field.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) is true))
                .Select(field => $"query.{field.Key}: must not contain a NUL character"));
        if (problems.Count > 0)
        {
            await RockBody.RefuseAsync(http, string.Join("; ", problems));
            return;
        }

        var filter = http.Request.Query
            .Where(field => field.Key is not (Page or PageSize))
            .ToDictionary(field => field.Key, field => field.Value[^1] ?? "", StringComparer.Ordinal);
        if (await pages.ReadAsync(http, new SandboxQuery(Live, filter, page, size)) is not { } found)
        {
            await Envelopes.FailAsync(http, FailureMessage, new SandboxError.Overloaded(IsDone: false));
            return;
        }

        var result = new ListResult
        {
            Items = [.. found.Items.Select(views.ListItemOf)],
            Total = found.Total,
            HasMore = (long)page * size < found.Total,
        };
        await Envelopes.SucceedAsync(http, result, RockJson.Default.ListResult);
    }

    private static int Number(IQueryCollection query, string name, int fallback, int max, List<string> problems)
    {
        if (query[name] is not [.., { } text])
        {
            return fallback;
        }

        var problem = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number < 1 ? "Input should be greater than or equal to 1"
            : number > max ? $"Input should be less than or equal to {max}"
            : null
            : PydanticValues.NotInteger;
        if (problem is not null)
        {
            problems.Add($"query.{name}: {problem}");
        }

        return number;
    }
}
