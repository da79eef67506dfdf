using System.Globalization;
using System.Text;
using Sandbox.Api.Tests.Servers;
using Sandbox.Testing.Routes;

namespace Sandbox.Api.Tests.Matrix;

/// <summary>A row for each route of the API: what it names, and how it is asked.</summary>
internal static class ApiRows
{
    /// <summary>What the middleware serves, which routing does not know.</summary>
    public static IReadOnlyList<string> MiddlewareRoutes { get; } =
        ["envd GET /health", "envd GET /files", "envd POST /files", "envd POST /process.Process/{method}",
            "envd POST /filesystem.Filesystem/{method}"];

    public static IReadOnlyList<RouteRow> All { get; } =
    [
        .. Plain(), .. Rock(), .. EnvHub(), .. Gem(), .. Envd(), .. E2b(), .. Management(), .. ClusterManagement(), .. Rollout(),
        .. Models(),
    ];

    /// <summary>The same in every request, so that answers can be compared.</summary>
    private static readonly string AnHourAgo =
        TimeProvider.System.GetUtcNow().AddHours(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private const string Commit = """{"sandbox_id":"ID","image_tag":"registry.example/a:1","username":"u","password":"p"}""";

    private static IEnumerable<RouteRow> Plain() =>
    [
        new("GET /", Named.Nothing, _ => Get("/")),
        new("GET /openapi.json", Named.Nothing, _ => Get("/openapi.json")),
        new("GET /openapi/v1.json", Named.Nothing, _ => Get("/openapi/v1.json")),
        new("GET /docs", Named.Nothing, _ => Get("/docs")),
        new("GET /redoc", Named.Nothing, _ => Get("/redoc")),
    ];

    private static IEnumerable<RouteRow> Rock() =>
    [
        Body("/start", Named.NewSandbox, """{"image":"busybox","sandbox_id":"ID"}"""),
        Body("/start_async", Named.NewSandbox, """{"image":"busybox","sandbox_id":"ID"}"""),
        Body("/stop", Named.Sandbox, """{"sandbox_id":"ID"}""") with { AnswersAlike = true },
        Body("/restart", Named.Sandbox, """{"sandbox_id":"ID"}"""),
        new(Rocks("POST", "/sandboxes/{id}/restart"), Named.Sandbox, id => Post($"{ApiServer.Rock}/sandboxes/{id}/restart", "")),
        Body("/delete", Named.Sandbox, """{"sandbox_id":"ID"}"""),
        new(Rocks("DELETE", "/sandboxes/{id}"), Named.Sandbox, id => new(HttpMethod.Delete, $"{ApiServer.Rock}/sandboxes/{id}")),
        new(Rocks("POST", "/sandboxes/{id}/archive"), Named.Sandbox, id => Post($"{ApiServer.Rock}/sandboxes/{id}/archive", "")),
        Body("/commit", Named.Sandbox, Commit),
        new(Rocks("GET", "/commit/{id}"), Named.Sandbox, id => Get($"{ApiServer.Rock}/commit/{id}"))
        { Before = id => Post(ApiServer.Rock + "/commit", Commit.Replace("ID", id, StringComparison.Ordinal)) },
        Query("/is_alive", Named.Sandbox, "?sandbox_id=ID"),
        Query("/get_status", Named.Sandbox, "?sandbox_id=ID&include_all_states=true"),
        Query("/get_sandbox_statistics", Named.Sandbox, "?sandbox_id=ID"),
        new(Rocks("GET", "/sandboxes/{id}/mount-infos"), Named.Sandbox, id => Get($"{ApiServer.Rock}/sandboxes/{id}/mount-infos")),
        Query("/sandboxes", Named.Sandboxes, ""),
        Body("/sandboxes/batch", Named.Sandboxes, """{"sandbox_ids":["ID"]}"""),
        Query("/get_token", Named.Nothing, ""),
        Body("/warmup/tasks", Named.Cluster, """{"image":"busybox"}"""),
        Body("/ops/tasksets", Named.Cluster, """{"spec":{"taskTypes":["none"]}}"""),
        new(Rocks("GET", "/ops/tasksets/{id}"), Named.Cluster, _ => Get($"{ApiServer.Rock}/ops/tasksets/none")),
        Body("/execute", Named.Sandbox, """{"sandbox_id":"ID","command":["true"]}"""),
        Body("/create_session", Named.Sandbox, """{"sandbox_id":"ID"}"""),
        Body("/run_in_session", Named.Sandbox, """{"sandbox_id":"ID","command":"true"}"""),
        Body("/close_session", Named.Sandbox, """{"sandbox_id":"ID"}"""),
        Body("/read_file", Named.Sandbox, """{"sandbox_id":"ID","path":"/a"}"""),
        Body("/write_file", Named.Sandbox, """{"sandbox_id":"ID","path":"/a","content":"x"}"""),
        new(Rocks("POST", "/upload"), Named.Sandbox, Upload),
        new(Rocks("GET", "/sandboxes/{id}/portforward"), Named.Sandbox, id =>
            WebSocket($"{ApiServer.Rock}/sandboxes/{id}/portforward?port=80")),
        .. ((string[])["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]).SelectMany(
            method => ((string[])["proxy", "vnc"]).Select(name => new RouteRow(
                Rocks(method, $"/sandboxes/{{id}}/{name}/{{**path}}"), Named.Sandbox,
                id => new(new HttpMethod(method), $"{ApiServer.Rock}/sandboxes/{id}/{name}/a")))),
    ];

    /// <summary>The server of the matrix serves no models; whose models are whose is in GatewayTests.</summary>
    private static IEnumerable<RouteRow> Models() =>
    [
        new("GET /health", Named.Nothing, _ => Get("/health")),
        new("GET /v1/health", Named.Nothing, _ => Get("/v1/health")),
        new("GET /v1/models", Named.Nothing, _ => Get("/v1/models")),
        new("GET /v1/models/{**model}", Named.Nothing, _ => Get("/v1/models/none")),
        .. ((string[])["chat/completions", "completions", "embeddings", "responses"]).Select(
            path => new RouteRow($"POST /v1/{path}", Named.Nothing, _ => Post($"/v1/{path}", """{"model":"none"}"""))),
    ];

    /// <summary>Names are a tenant's: whatever another has registered, an answer is the same.</summary>
    private static IEnumerable<RouteRow> EnvHub() =>
        ((string[])["/envhub", "/envhub/enveloped"]).SelectMany(prefix => (RouteRow[])
        [
            new($"POST {prefix}/env/register", Named.Nothing, id => Post(
                prefix + "/env/register", $$"""{"env_name":"{{id}}","image":"busybox"}""")),
            new($"POST {prefix}/env/get", Named.Nothing, id => Post(prefix + "/env/get", $$"""{"env_name":"{{id}}"}""")),
            new($"POST {prefix}/env/list", Named.Nothing, id => Post(prefix + "/env/list", $$"""{"tags":["{{id}}"]}""")),
            new($"POST {prefix}/env/delete", Named.Nothing, id => Post(prefix + "/env/delete", $$"""{"env_name":"{{id}}"}""")),
            new($"GET {prefix}/health", Named.Nothing, _ => Get(prefix + "/health")),
        ]);

    private static IEnumerable<RouteRow> Gem() =>
    [
        // A whole make starts a sandbox of the caller's own; of whatever is there it says nothing.
        new("POST /apis/v1/envs/gem/make", Named.Nothing, _ => Post("/apis/v1/envs/gem/make", "{}")),
        .. ((string[])["reset", "close", "list"]).Select(call => new RouteRow(
            $"POST /apis/v1/envs/gem/{call}", Named.Sandbox, id => Post(
                $"/apis/v1/envs/gem/{call}", $$"""{"sandbox_id":"{{id}}"}"""))),
        new("POST /apis/v1/envs/gem/step", Named.Sandbox, id => Post(
            "/apis/v1/envs/gem/step", $$"""{"sandbox_id":"{{id}}","action":"1"}""")),
    ];

    private static IEnumerable<RouteRow> Envd() =>
    [
        new(MiddlewareRoutes[0], Named.Sandbox, id => To(id, Get("/health"))),
        new(MiddlewareRoutes[1], Named.Sandbox, id => To(id, Get("/files?path=/a"))),
        new(MiddlewareRoutes[2], Named.Sandbox, id => To(id, Post("/files?path=/a", "x"))),
        new(MiddlewareRoutes[3], Named.Sandbox, id => To(id, Post("/process.Process/List", "{}"))),
        new(MiddlewareRoutes[4], Named.Sandbox, id => To(id, Post("/filesystem.Filesystem/Stat", """{"path":"/"}"""))),
    ];

    private static IEnumerable<RouteRow> E2b() =>
    [
        .. ((string[])["/v2", ""]).SelectMany(prefix => new RouteRow[]
        {
            // Its id is the server's to choose, and an unknown template is refused to all alike.
            new($"POST {prefix}/sandboxes", Named.Nothing, _ => Post(prefix + "/sandboxes", """{"templateID":"none"}""")),
            new($"GET {prefix}/sandboxes", Named.Sandboxes, _ => Get(prefix + "/sandboxes")),
            new($"POST {prefix}/sandboxes/{{id}}/connect", Named.Sandbox, id => Post($"{prefix}/sandboxes/{id}/connect", "{}")),
        }),
        new("GET /sandboxes/{id}", Named.Sandbox, id => Get($"/sandboxes/{id}")),
        new("DELETE /sandboxes/{id}", Named.Sandbox, id => new(HttpMethod.Delete, $"/sandboxes/{id}")),
        new("POST /sandboxes/{id}/timeout", Named.Sandbox, id => Post($"/sandboxes/{id}/timeout", """{"timeout":600}""")),
        new("GET /sandboxes/{id}/metrics", Named.Sandbox, id => Get($"/sandboxes/{id}/metrics")),
        new("PUT /sandboxes/{id}/network", Named.Sandbox, id => Put($"/sandboxes/{id}/network", """{"denyOut":["0.0.0.0/0"]}""")),
        new("GET /templates", Named.Nothing, _ => Get("/templates")),
        new("GET /templates/aliases/{alias}", Named.Nothing, _ => Get("/templates/aliases/base")),
        .. ((string[])
            [
                "POST /sandboxes/{id}/pause", "POST /sandboxes/{id}/resume", "POST /sandboxes/{id}/fork", "POST /sandboxes/{id}/snapshots",
                "GET /snapshots", "POST /templates", "POST /v2/templates", "POST /v3/templates", "DELETE /templates/{id}",
                "GET /templates/{id}/files/{hash}", "POST /templates/{id}/builds/{build}", "POST /v2/templates/{id}/builds/{build}",
                "GET /templates/{id}/builds/{build}/status", "POST /templates/tags", "DELETE /templates/tags", "GET /templates/{id}/tags",
                "GET /volumes", "POST /volumes", "GET /volumes/{id}", "DELETE /volumes/{id}", "GET /secrets", "POST /secrets",
                "GET /secrets/{id}", "POST /secrets/{id}", "DELETE /secrets/{id}",
            ])
            .Select(route => new RouteRow(route, Named.Nothing, id => new(
                new HttpMethod(route.Split(' ')[0]), route.Split(' ')[1].Replace("{id}", id, StringComparison.Ordinal)))),
    ];

    private static IEnumerable<RouteRow> Management() =>
    [
        new("GET /api/v1/tenants", Named.Cluster, _ => Get("/api/v1/tenants")),
        new("POST /api/v1/tenants", Named.Cluster, id => Post("/api/v1/tenants", $$"""{"name":"t-{{id}}"}""")),
        new("PUT /api/v1/tenants/{name}/quota", Named.Cluster, _ => Put("/api/v1/tenants/default/quota", "{}")),
        new("GET /api/v1/keys", Named.Cluster, _ => Get("/api/v1/keys")),
        new("POST /api/v1/keys", Named.Cluster, _ => Post("/api/v1/keys", "{}")),
        new("DELETE /api/v1/keys/{id}", Named.Cluster, _ => new(HttpMethod.Delete, "/api/v1/keys/none")),
        new("GET /api/v1/dead-letters", Named.Cluster, _ => Get("/api/v1/dead-letters")),
        new("POST /api/v1/dead-letters/{id}/redrive", Named.Cluster, _ => Post("/api/v1/dead-letters/1/redrive", "")),
        new("GET /api/v1/nodes", Named.Cluster, _ => Get("/api/v1/nodes")),
        new("GET /api/v1/diagnostics", Named.Cluster, _ => Get("/api/v1/diagnostics")),
        new("GET /api/v1/maintenance", Named.Cluster, _ => Get("/api/v1/maintenance")),
        new("POST /api/v1/maintenance", Named.Cluster, _ => Post("/api/v1/maintenance", """{"task":"docker_health"}""")),
        new("POST /api/v1/nodes/{name}/drain", Named.Cluster, _ => Post("/api/v1/nodes/none/drain", "")),
        new("POST /api/v1/nodes/{name}/undrain", Named.Cluster, _ => Post("/api/v1/nodes/none/undrain", "")),
        new("GET /api/v1/join-tokens", Named.Cluster, _ => Get("/api/v1/join-tokens")),
        new("POST /api/v1/join-tokens", Named.Cluster, _ => Post("/api/v1/join-tokens", "{}")),
        new("GET /api/v1/usage", Named.Sandboxes, _ => Get("/api/v1/usage")),
        new("GET /api/v1/sandboxes", Named.Sandboxes, _ => Get("/api/v1/sandboxes")),
        new("GET /api/v1/sandboxes/{id}/logs", Named.Sandbox, id => Get($"/api/v1/sandboxes/{id}/logs")),
        new("GET /api/v1/models/usage", Named.Nothing, _ => Get("/api/v1/models/usage")),
        new("PUT /api/v1/sandboxes/{id}/network", Named.Sandbox, id => Put($"/api/v1/sandboxes/{id}/network", "{}")),
        new("GET /api/v1/models", Named.Nothing, _ => Get("/api/v1/models")),
        new("POST /api/v1/models", Named.Nothing, _ => Post("/api/v1/models", "{}")),
        new("GET /api/v1/models/{name}", Named.Nothing, _ => Get("/api/v1/models/none")),
        new("DELETE /api/v1/models/{name}", Named.Nothing, _ => new(HttpMethod.Delete, "/api/v1/models/none")),
        new("GET /api/v1/models/{name}/logs", Named.Nothing, _ => Get("/api/v1/models/none/logs")),
        new("GET /api/v1/events", Named.Sandboxes, _ => Get($"/api/v1/events?follow=false&since={AnHourAgo}")),
        new("DELETE /api/v1/join-tokens/{id}", Named.Cluster, _ => new(HttpMethod.Delete, "/api/v1/join-tokens/none")),
    ];

    private static IEnumerable<RouteRow> ClusterManagement() =>
    [
        new("GET /api/v1/cluster/status", Named.Nothing, _ => Get("/api/v1/cluster/status")),
        new("GET /api/v1/cluster/info", Named.Nothing, _ => Get("/api/v1/cluster/info")),
        new("GET /api/v1/applications", Named.Nothing, _ => Get("/api/v1/applications")),
        new("POST /api/v1/applications", Named.Nothing, _ => Post("/api/v1/applications", "{}")),
        new("GET /api/v1/applications/{name}", Named.Nothing, _ => Get("/api/v1/applications/none")),
        new("DELETE /api/v1/applications/{name}", Named.Nothing, _ => new(HttpMethod.Delete, "/api/v1/applications/none")),
        new("GET /api/v1/resources/nodes", Named.Nothing, _ => Get("/api/v1/resources/nodes")),
        new("GET /api/v1/resources/capacity", Named.Nothing, _ => Get("/api/v1/resources/capacity")),
        new("POST /api/v1/resources/nodes/add", Named.Cluster, _ => Post("/api/v1/resources/nodes/add", "{}")),
        new("DELETE /api/v1/resources/nodes/{app_id}", Named.Cluster, _ => new(HttpMethod.Delete, "/api/v1/resources/nodes/none")),
        new("GET /dashboard/{**path}", Named.Cluster, _ => Get("/dashboard/")),
        new("HEAD /dashboard/{**path}", Named.Cluster, _ => new(HttpMethod.Head, "/dashboard/")),
        new("POST /dashboard/{**path}", Named.Cluster, _ => Post("/dashboard/", "{}")),
    ];

    /// <summary>The server of the matrix runs no rollout: who may ask is told so.</summary>
    private static IEnumerable<RouteRow> Rollout() =>
    [
        new("GET /api/v1/health", Named.Nothing, _ => Get("/api/v1/health")),
        new("GET /api/v1/nodes/{node}", Named.Cluster, _ => Get("/api/v1/nodes/none")),
        Rollout("GET", "/cluster/health"),
        Rollout("GET", "/checkpoints"),
        Rollout("GET", "/checkpoints/{name}"),
        Rollout("GET", "/checkpoints/{name}/plan"),
        Rollout("POST", "/checkpoints/{name}"),
        Rollout("GET", "/executions"),
        Rollout("GET", "/executions/{id}"),
        Rollout("GET", "/executions/{id}/output"),
        Rollout("POST", "/executions/{id}/stop"),
        Rollout("GET", "/approvals"),
        Rollout("POST", "/approvals"),
        Rollout("GET", "/approvals/{name}"),
        Rollout("POST", "/approvals/{name}"),
        Rollout("POST", "/approvals/{name}/deny"),
        Rollout("POST", "/approvals/{name}/revoke"),
        Rollout("POST", "/executions/bulk"),
        Rollout("GET", "/deployments"),
        Rollout("POST", "/deployments"),
        Rollout("GET", "/deployments/{id}"),
        Rollout("POST", "/deployments/{id}/cancel"),
        Rollout("POST", "/deployments/{id}/rollback"),
        Rollout("GET", "/schedules"),
        Rollout("POST", "/schedules"),
        Rollout("POST", "/schedules/{name}/pause"),
        Rollout("POST", "/schedules/{name}/resume"),
        Rollout("DELETE", "/schedules/{name}"),
        Rollout("GET", "/webhooks"),
        Rollout("POST", "/webhooks"),
        Rollout("DELETE", "/webhooks/{id}"),
        Rollout("GET", "/webhooks/{id}/deliveries"),
        Rollout("GET", "/audit"),
        Rollout("GET", "/audit/verify"),
        Rollout("GET", "/rollout/events"),
        Rollout("GET", "/monitoring/prometheus"),
        Rollout("GET", "/monitoring/grafana/dashboards"),
    ];

    private static RouteRow Rollout(string method, string path)
    {
        var url = "/api/v1" + path.Replace("{name}", "docker-installation", StringComparison.Ordinal)
            .Replace("{id}", Guid.Empty.ToString(), StringComparison.Ordinal);
        return new($"{method} /api/v1{path}", Named.Rollout, _ => method switch
        {
            "GET" => Get(url),
            "DELETE" => new HttpRequestMessage(HttpMethod.Delete, url),
            _ => Post(url, "{}"),
        });
    }

    private static string Rocks(string method, string path) => $"{method} {ApiServer.Rock}{path}";

    private static RouteRow Body(string path, Named names, string json) =>
        new(Rocks("POST", path), names, id => Post(ApiServer.Rock + path, json.Replace("ID", id, StringComparison.Ordinal)));

    private static RouteRow Query(string path, Named names, string query) =>
        new(Rocks("GET", path), names, id => Get(ApiServer.Rock + path + query.Replace("ID", id, StringComparison.Ordinal)));

    private static HttpRequestMessage Get(string path) => new(HttpMethod.Get, path);

    private static HttpRequestMessage Post(string path, string json) =>
        new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    private static HttpRequestMessage Put(string path, string json) =>
        new(HttpMethod.Put, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    private static HttpRequestMessage To(string id, HttpRequestMessage request)
    {
        request.Headers.Add("E2b-Sandbox-Id", id);
        return request;
    }

    /// <summary>A handshake; what comes after it is what the answer holds.</summary>
    private static HttpRequestMessage WebSocket(string path)
    {
        var request = Get(path);
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new("websocket"));
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        return request;
    }

    private static HttpRequestMessage Upload(string id) => new(HttpMethod.Post, ApiServer.Rock + "/upload")
    {
        Content = new MultipartFormDataContent("boundary")
        {
            { new StringContent(id), "sandbox_id" },
            { new StringContent("/a"), "target_path" },
            { new ByteArrayContent([1, 2, 3]), "file", "a" },
        },
    };
}
