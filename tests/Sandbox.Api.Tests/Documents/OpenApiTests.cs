using System.Text.Json;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Documents;

public sealed class OpenApiTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    [Theory]
    [InlineData("/openapi.json")]
    [InlineData("/openapi/v1.json")]
    public async Task Document_Asked_DescribesEveryRoute(string path)
    {
        using var document = JsonDocument.Parse(await shared.Server.Http.GetStringAsync(path));

        var described = document.RootElement.GetProperty("paths").EnumerateObject()
            .Where(route => route.Name.StartsWith(ApiServer.Rock, StringComparison.Ordinal))
            .SelectMany(route => route.Value.EnumerateObject().Select(method => $"{method.Name} {route.Name[ApiServer.Rock.Length..]}"));
        Assert.Equal(
            ["delete /sandboxes/{id}", "get /commit/{id}", "get /get_sandbox_statistics", "get /get_status", "get /get_token",
                "get /is_alive", "get /sandboxes",
             "post /close_session", "post /commit", "post /create_session", "post /delete", "post /execute", "post /read_file",
             "post /restart",
             "post /run_in_session", "post /sandboxes/batch", "post /sandboxes/{id}/archive", "post /sandboxes/{id}/restart", "post /start",
             "post /start_async", "post /stop",
             "post /upload", "post /write_file"],
            described.Order(StringComparer.Ordinal));
        var start = document.RootElement.GetProperty("paths").GetProperty(ApiServer.Rock + "/start").GetProperty("post");
        var body = start.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema");
        Assert.True(body.GetProperty("properties").TryGetProperty("auto_clear_time_minutes", out _));
    }
    [Fact]
    public async Task Document_Asked_DescribesTheManagementRoutes()
    {
        using var document = JsonDocument.Parse(await shared.Server.Http.GetStringAsync("/openapi.json"));

        var described = document.RootElement.GetProperty("paths").EnumerateObject()
            .Where(route => route.Name.StartsWith("/api/v1/", StringComparison.Ordinal))
            .SelectMany(route => route.Value.EnumerateObject().Select(method => $"{method.Name} {route.Name["/api/v1".Length..]}"));
        Assert.Equal(
            ["delete /join-tokens/{id}", "delete /keys/{id}", "get /dead-letters", "get /join-tokens", "get /keys", "get /nodes",
                "get /tenants", "get /usage",
             "post /dead-letters/{id}/redrive", "post /join-tokens", "post /keys", "post /nodes/{name}/drain", "post /nodes/{name}/undrain",
             "post /tenants", "put /tenants/{name}/quota"],
            described.Order(StringComparer.Ordinal));
    }
}
