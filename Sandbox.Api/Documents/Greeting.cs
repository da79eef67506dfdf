using Sandbox.Api.Http;

namespace Sandbox.Api.Documents;

/// <summary>What is at <c>/</c>: for programs where they read on, for people links.</summary>
internal static class Greeting
{
    private static readonly (string Path, string Text)[] Links =
    [
        ("/dashboard/", "Dashboard, for admins"),
        ("/api/v1/cluster/status", "Status of the cluster"),
        ("/api/v1/resources/nodes", "Nodes"),
        ("/api/v1/resources/capacity", "Capacity"),
        ("/v1/models", "Models, in the form of the OpenAI interface"),
        ("/docs", "All routes"),
        ("/openapi.json", "The same as an OpenAPI document"),
        ("/health", "Health"),
    ];

    private static readonly string Version = typeof(Greeting).Assembly.GetName().Version?.ToString(3) ?? "";

    public static Task HandleAsync(HttpContext http)
    {
        http.Response.Headers.Vary = "Accept";
        return HtmlPage.IsWanted(http.Request) ? ShowAsync(http) : JsonAnswer.WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("message", "Sandbox.Aspire is here. Its routes are described at /openapi.json.");
            writer.WriteString("name", "Sandbox.Aspire");
            writer.WriteString("version", Version);
            writer.WriteString("docs", "/docs");
            writer.WriteString("health", "/health");
            writer.WriteEndObject();
        });
    }

    private static Task ShowAsync(HttpContext http)
    {
        var page = new HtmlPage("Sandbox.Aspire").Add($"<p>Version {HtmlPage.Encode(Version)}</p>").Add("<ul>");
        foreach (var (path, text) in Links)
        {
            page.Add($"<li><a href=\"{path}\">{HtmlPage.Encode(text)}</a> <code>{path}</code></li>");
        }

        return page.Add("</ul>").WriteAsync(http);
    }
}
