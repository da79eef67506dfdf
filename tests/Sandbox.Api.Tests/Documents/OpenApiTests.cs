using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Documents;

public sealed class OpenApiTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private const string Management = "/api/v1";

    /// <summary>They describe, and are not described.</summary>
    private static readonly string[] Documents =
    [
        "get /", "get /openapi.json", "get /openapi/v1.json", "get /docs", "get /redoc", "get /dashboard/{path}", "head /dashboard/{path}",
        "post /dashboard/{path}",
    ];

    [Theory]
    [InlineData("/openapi.json")]
    [InlineData("/openapi/v1.json")]
    public async Task Document_Asked_DescribesTheRoutesThatAreMappedAndNoOthers(string path)
    {
        using var document = JsonDocument.Parse(await shared.Server.Http.GetStringAsync(path));

        var mapped = shared.Server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().SelectMany(
            endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
                .Select(method => $"{method.ToLowerInvariant()} {Path(endpoint)}")).ToList();
        Assert.Equal("3.1", document.RootElement.GetProperty("openapi").GetString()![..3]);
        Assert.Contains("get /api/v1/keys", mapped);
        Assert.Equal(
            mapped.Except(Documents).Order(StringComparer.Ordinal),
            Operations(document).Select(operation => operation.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Document_Asked_DescribesRocksRoutes()
    {
        using var document = await AskAsync();

        Assert.Equal(
            ["delete /sandboxes/{id}", "delete /sandboxes/{id}/proxy/{path}", "delete /sandboxes/{id}/vnc/{path}",
                "get /commit/{id}", "get /get_sandbox_statistics", "get /get_status", "get /get_token",
                "get /is_alive", "get /ops/tasksets/{id}", "get /sandboxes",
                "get /sandboxes/{id}/mount-infos",
                "get /sandboxes/{id}/portforward", "get /sandboxes/{id}/proxy/{path}",
                "get /sandboxes/{id}/vnc/{path}", "head /sandboxes/{id}/proxy/{path}", "head /sandboxes/{id}/vnc/{path}",
                "options /sandboxes/{id}/proxy/{path}", "options /sandboxes/{id}/vnc/{path}", "patch /sandboxes/{id}/proxy/{path}",
                "patch /sandboxes/{id}/vnc/{path}",
             "post /close_session", "post /commit", "post /create_session", "post /delete", "post /execute", "post /ops/tasksets",
             "post /read_file",
             "post /restart",
             "post /run_in_session", "post /sandboxes/batch", "post /sandboxes/{id}/archive",
             "post /sandboxes/{id}/proxy/{path}", "post /sandboxes/{id}/restart", "post /sandboxes/{id}/vnc/{path}", "post /start",
             "post /start_async", "post /stop",
             "post /upload", "post /warmup/tasks", "post /write_file",
                "put /sandboxes/{id}/proxy/{path}", "put /sandboxes/{id}/vnc/{path}"],
            Below(document, ApiServer.Rock));
    }

    [Fact]
    public async Task Document_Asked_DescribesTheManagementRoutes()
    {
        using var document = await AskAsync();

        Assert.Equal(
            ["delete /applications/{name}", "delete /join-tokens/{id}", "delete /keys/{id}",
                "delete /models/{name}", "delete /resources/nodes/{app_id}",
                "delete /schedules/{name}", "delete /webhooks/{id}",
                "get /applications", "get /applications/{name}",
                "get /approvals", "get /approvals/{name}", "get /audit", "get /audit/verify",
                "get /checkpoints", "get /checkpoints/{name}", "get /checkpoints/{name}/plan", "get /cluster/health",
                "get /cluster/info", "get /cluster/status",
                "get /dead-letters", "get /deployments", "get /deployments/{id}", "get /diagnostics", "get /events",
                "get /executions", "get /executions/{id}",
                "get /executions/{id}/output", "get /health", "get /join-tokens", "get /keys", "get /maintenance", "get /models",
                "get /models/usage", "get /models/{name}", "get /models/{name}/logs", "get /monitoring/grafana/dashboards",
                "get /monitoring/prometheus", "get /nodes", "get /nodes/{node}",
                "get /resources/capacity", "get /resources/nodes", "get /rollout/events", "get /sandboxes",
                "get /sandboxes/{id}/logs", "get /schedules", "get /tenants", "get /usage", "get /webhooks",
                "get /webhooks/{id}/deliveries",
             "post /applications",
                "post /approvals", "post /approvals/{name}", "post /approvals/{name}/deny", "post /approvals/{name}/revoke",
                "post /checkpoints/{name}",
             "post /dead-letters/{id}/redrive", "post /deployments", "post /deployments/{id}/cancel",
                "post /deployments/{id}/rollback", "post /executions/bulk", "post /executions/{id}/stop", "post /join-tokens", "post /keys",
                "post /maintenance", "post /models",
                "post /nodes/{name}/drain", "post /nodes/{name}/undrain",
                "post /resources/nodes/add", "post /schedules",
                "post /schedules/{name}/pause", "post /schedules/{name}/resume",
             "post /tenants", "post /webhooks", "put /sandboxes/{id}/network", "put /tenants/{name}/quota"],
            Below(document, Management));
    }

    [Theory]
    [InlineData("/envhub")]
    [InlineData("/envhub/enveloped")]
    public async Task Document_Asked_DescribesEnvHub(string prefix)
    {
        using var document = await AskAsync();

        Assert.Equal(
            ["get /health", "post /env/delete", "post /env/get", "post /env/list", "post /env/register"],
            Below(document, prefix).Where(operation => !operation.Contains("/enveloped/", StringComparison.Ordinal)));
        var register = Operation(document, "post", prefix + "/env/register");
        var body = Resolve(document, Schema(register.GetProperty("requestBody"), "application/json"));
        Assert.True(body.GetProperty("properties").TryGetProperty("env_name", out _), $"members as they travel: {body}");
    }

    [Fact]
    public async Task Document_Asked_DescribesGem()
    {
        using var document = await AskAsync();

        Assert.Equal(
            ["post /close", "post /list", "post /make", "post /reset", "post /step"], Below(document, "/apis/v1/envs/gem"));
    }

    [Fact]
    public async Task Document_OfARocksRoute_HasItsBodyItsEnvelopeAndItsQuery()
    {
        using var document = await AskAsync();

        var start = Operation(document, "post", ApiServer.Rock + "/start");
        var request = Resolve(document, Schema(start.GetProperty("requestBody"), "application/json"));
        Assert.True(
            request.GetProperty("properties").TryGetProperty("auto_clear_time_minutes", out _), $"members as they travel: {request}");
        var envelope = Resolve(document, Schema(start.GetProperty("responses").GetProperty("200"), "application/json"));
        Assert.Equal(
            ["status", "message", "error", "result"], envelope.GetProperty("properties").EnumerateObject().Select(one => one.Name));
        var status = Resolve(document, envelope.GetProperty("properties").GetProperty("status"));
        Assert.Equal(["Success", "Failed"], status.GetProperty("enum").EnumerateArray().Select(one => one.GetString()));
        var alternatives = envelope.GetProperty("properties").GetProperty("result").GetProperty("oneOf").EnumerateArray()
            .Select(one => Resolve(document, one)).ToList();
        Assert.Contains(alternatives, one => one.GetProperty("type").GetString() == "null");
        Assert.Contains(
            alternatives, one => one.TryGetProperty("properties", out var members) && members.TryGetProperty("sandbox_id", out _));
        Assert.Equal(
            [("sandbox_id", "query", true), ("include_all_states", "query", false)],
            Parameters(Operation(document, "get", ApiServer.Rock + "/get_status")));
        Assert.Equal([("id", "path", true)], Parameters(Operation(document, "post", ApiServer.Rock + "/sandboxes/{id}/restart")));
    }

    [Fact]
    public async Task Document_OfTheTunnelToAPort_SaysThatItUpgrades()
    {
        using var document = await AskAsync();

        var tunnel = Operation(document, "get", ApiServer.Rock + "/sandboxes/{id}/portforward");

        Assert.Equal([("id", "path", true), ("port", "query", true)], Parameters(tunnel));
        Assert.Equal(["101", "426"], tunnel.GetProperty("responses").EnumerateObject().Select(one => one.Name));
    }

    [Fact]
    public async Task Document_OfAManagementRoute_HasItsBodyItsResultAndTheFormOfItsFailures()
    {
        using var document = await AskAsync();

        var create = Operation(document, "post", Management + "/keys");
        var request = Resolve(document, Schema(create.GetProperty("requestBody"), "application/json"));
        Assert.True(request.GetProperty("properties").TryGetProperty("expires_at", out _), $"members as they travel: {request}");
        var made = Resolve(document, Schema(create.GetProperty("responses").GetProperty("201"), "application/json"));
        Assert.True(made.GetProperty("properties").TryGetProperty("secret", out _), $"the secret of the key that was made: {made}");
        foreach (var status in new[] { "401", "403", "429", "500", "503", "default" })
        {
            var failure = Resolve(document, Schema(create.GetProperty("responses").GetProperty(status), "application/problem+json"));
            Assert.Equal(
                ["type", "title", "status", "code", "detail"], failure.GetProperty("properties").EnumerateObject().Select(one => one.Name));
        }

        var nodes = Operation(document, "get", Management + "/nodes").GetProperty("responses").GetProperty("200");
        var node = Resolve(document, Schema(nodes, "application/json").GetProperty("items"));
        Assert.True(node.GetProperty("properties").TryGetProperty("host_ip", out _), $"a list of nodes: {node}");
        Assert.True(
            Operation(document, "delete", Management + "/keys/{id}").GetProperty("responses").TryGetProperty("204", out _),
            "a key that was revoked is answered without a body");
        Assert.Equal([("limit", "query", false)], Parameters(Operation(document, "get", Management + "/dead-letters")));
        Assert.Equal([("name", "path", true)], Parameters(Operation(document, "put", Management + "/tenants/{name}/quota")));
    }

    [Fact]
    public async Task Document_Asked_SaysHowACallerProvesWhoItIs()
    {
        using var document = await AskAsync();

        var schemes = document.RootElement.GetProperty("components").GetProperty("securitySchemes");
        Assert.Equal(
            ("apiKey", "header", "X-API-Key"),
            (schemes.GetProperty("apiKey").GetProperty("type").GetString(), schemes.GetProperty("apiKey").GetProperty("in").GetString(),
                schemes.GetProperty("apiKey").GetProperty("name").GetString()));
        Assert.Equal("bearer", schemes.GetProperty("bearer").GetProperty("scheme").GetString());
        Assert.Equal(
            ["apiKey", "bearer"],
            document.RootElement.GetProperty("security").EnumerateArray().SelectMany(one => one.EnumerateObject()).Select(one => one.Name));
    }

    [Fact]
    public async Task Document_Asked_NamesEveryOperationOnceAndRefersToNothingThatIsMissing()
    {
        using var document = await AskAsync();

        var operations = Operations(document).ToList();
        Assert.DoesNotContain(operations.GroupBy(one => one.Operation.GetProperty("operationId").GetString()), same => same.Count() > 1);
        Assert.All(operations, one => Assert.NotEqual("", one.Operation.GetProperty("summary").GetString()));
        Assert.All(operations, one => Assert.NotEmpty(one.Operation.GetProperty("tags").EnumerateArray()));
        foreach (var reference in References(document.RootElement))
        {
            Assert.NotEqual(JsonValueKind.Undefined, At(document, reference).ValueKind);
        }
    }

    /// <summary>Two callers that name the server differently are told the same.</summary>
    [Fact]
    public async Task Document_AskedUnderAnotherName_IsTheSame()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/openapi.json");
        request.Headers.Host = "elsewhere.localhost";

        using var answer = await shared.Server.Http.SendAsync(request);

        Assert.Equal(await shared.Server.Http.GetStringAsync("/openapi.json"), await answer.Content.ReadAsStringAsync());
    }

    private async Task<JsonDocument> AskAsync() => JsonDocument.Parse(await shared.Server.Http.GetStringAsync("/openapi.json"));

    private static IEnumerable<(string Name, JsonElement Operation)> Operations(JsonDocument document) =>
        document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(
            route => route.Value.EnumerateObject().Select(method => ($"{method.Name} {route.Name}", method.Value)));

    private static IEnumerable<string> Below(JsonDocument document, string prefix) =>
        Operations(document).Select(operation => operation.Name.Split(' '))
            .Where(name => name[1].StartsWith(prefix + "/", StringComparison.Ordinal))
            .Select(name => $"{name[0]} {name[1][prefix.Length..]}").Order(StringComparer.Ordinal);

    private static JsonElement Operation(JsonDocument document, string method, string path) =>
        document.RootElement.GetProperty("paths").GetProperty(path).GetProperty(method);

    private static JsonElement Schema(JsonElement message, string type) =>
        message.GetProperty("content").GetProperty(type).GetProperty("schema");

    private static IEnumerable<(string?, string?, bool)> Parameters(JsonElement operation) =>
        operation.GetProperty("parameters").EnumerateArray().Select(
            one => (one.GetProperty("name").GetString(), one.GetProperty("in").GetString(),
                one.TryGetProperty("required", out var required) && required.GetBoolean()));

    private static JsonElement Resolve(JsonDocument document, JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference) ? At(document, reference.GetString()!) : schema;

    private static JsonElement At(JsonDocument document, string reference) =>
        reference.Split('/').Skip(1).Aggregate(document.RootElement, (element, name) => element.GetProperty(name));

    /// <summary>The document knows no parameter that takes many segments.</summary>
    private static string Path(RouteEndpoint endpoint) => endpoint.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal);

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(
            one => one.NameEquals("$ref") ? [one.Value.GetString()!] : References(one.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
