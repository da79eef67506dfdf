using Microsoft.AspNetCore.Http.Metadata;

namespace Sandbox.Api.Documents;

/// <summary>The routes of the server as a page, from what it really serves.</summary>
internal static class RoutesPage
{
    public static void MapRoutesPage(this IEndpointRouteBuilder app)
    {
        app.MapGet("/docs", HandleAsync).ExcludeFromDescription();
        app.MapGet("/redoc", static (HttpContext http) => http.Response.Redirect("/docs")).ExcludeFromDescription();
    }

    private static Task HandleAsync(HttpContext http)
    {
        var described = http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>() is not null)
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
                .Select(method => (
                    Path: endpoint.RoutePattern.RawText ?? "", Method: method,
                    endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>()!.Summary,
                    Tag: endpoint.Metadata.GetMetadata<ITagsMetadata>() is { Tags: [var tag, ..] } ? tag : "Others")))
            .GroupBy(route => route.Tag).OrderBy(group => group.Key, StringComparer.Ordinal);
        var page = new HtmlPage("Routes").Add("<p>As a document for programs: <a href=\"/openapi.json\">/openapi.json</a></p>");
        foreach (var group in described)
        {
            page.Add($"<h2>{HtmlPage.Encode(group.Key)}</h2>").Add("<table>");
            foreach (var (path, method, summary, _) in group.OrderBy(route => route.Path, StringComparer.Ordinal))
            {
                page.Add($"<tr><td><code>{HtmlPage.Encode($"{method} {path}")}</code></td><td>{HtmlPage.Encode(summary)}</td></tr>");
            }

            page.Add("</table>");
        }

        return page.WriteAsync(http);
    }
}
