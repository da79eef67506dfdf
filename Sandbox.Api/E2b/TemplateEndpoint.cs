using Sandbox.Contracts.E2b;

namespace Sandbox.Api.E2b;

/// <summary>Which templates there are.</summary>
internal sealed class TemplateEndpoint(TemplateCatalog templates)
{
    public Task ListAsync(HttpContext http) => E2bAnswers.WriteAsync(
        http, StatusCodes.Status200OK, [.. templates.All.Select(E2bViews.Of)], E2bJson.Default.IReadOnlyListE2bTemplate);

    /// <summary>Whether there is one of this name.</summary>
    public Task FindAsync(HttpContext http) =>
        templates.Find(http.Request.RouteValues["alias"] as string ?? "") is { } template
            ? E2bAnswers.WriteAsync(
                http, StatusCodes.Status200OK, new E2bTemplateAlias(template.Name, IsPublic: true), E2bJson.Default.E2bTemplateAlias)
            : E2bAnswers.WriteErrorAsync(http, StatusCodes.Status404NotFound, "There is no template of this name.");
}
