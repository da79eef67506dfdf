using Sandbox.Api.Sandboxes;
using Sandbox.Contracts.E2b;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.E2b;

/// <summary>The running sandboxes of the caller, whichever API made them.</summary>
internal sealed class ListEndpoint(PageReader pages, TemplateCatalog templates, E2bViews views)
{
    private const string NextToken = "X-Next-Token";
    private const int PageSize = 200;

    /// <summary>Page by page.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        var (query, problem) = ListQuery.Read(http.Request.Query);
        if (query is null)
        {
            await E2bAnswers.WriteErrorAsync(http, StatusCodes.Status400BadRequest, problem!);
        }
        else if (await FindAsync(http, query, query.Limit + 1) is { } found)
        {
            if (found.Count > query.Limit)
            {
                http.Response.Headers[NextToken] = PageToken.Of(found[query.Limit - 1]).ToString();
            }

            await AnswerAsync(http, found.Take(query.Limit));
        }
    }

    /// <summary>All at once, as old clients ask.</summary>
    public async Task HandleWholeAsync(HttpContext http)
    {
        var (query, problem) = ListQuery.Read(http.Request.Query);
        if (query is null)
        {
            await E2bAnswers.WriteErrorAsync(http, StatusCodes.Status400BadRequest, problem!);
        }
        else if (await FindAsync(http, query with { After = null }, int.MaxValue) is { } found)
        {
            await AnswerAsync(http, found);
        }
    }

    private Task AnswerAsync(HttpContext http, IEnumerable<SandboxInstance> found) => E2bAnswers.WriteAsync(
        http, StatusCodes.Status200OK, [.. found.Select(views.ListItemOf)], E2bJson.Default.IReadOnlyListE2bSandboxInfo);

    /// <summary>Those that match, in order, as many as are wanted at most; null: there is no room for them, and that was answered. The
    /// store has no index of what is filtered here: it is read from its newest on until there are enough.</summary>
    private async Task<List<SandboxInstance>?> FindAsync(HttpContext http, ListQuery query, int most)
    {
        var (found, seen) = (new List<SandboxInstance>(), new HashSet<SandboxId>());
        var template = query.Template is { } name ? templates.Find(name)?.Name ?? name : null;
        for (var (page, isLast) = (1, !query.WantsRunning); !isLast && (query.IsAscending || found.Count < most); page++)
        {
            var asked = new SandboxQuery([SandboxState.Running], new Dictionary<string, string>(), page, PageSize);
            if (await pages.ReadAsync(http, asked) is not { } read)
            {
                await E2bAnswers.WriteErrorAsync(http, new SandboxError.Overloaded(IsDone: false));
                return null;
            }

            // A page may begin with what the page before it ended with.
            found.AddRange(read.Items.Where(sandbox => query.Matches(sandbox, template)
                && query.After?.Precedes(sandbox, query.IsAscending) is not false && seen.Add(sandbox.Id)));
            isLast = read.Items.Count < PageSize;
        }

        if (query.IsAscending)
        {
            found.Reverse();
        }

        return found.Count > most ? found[..most] : found;
    }
}
