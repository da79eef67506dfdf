using System.Text;
using Sandbox.Cluster;
using Sandbox.Node.NodeApi;
using Sandbox.Testing.Routes;

namespace Sandbox.Worker.Tests.Matrix;

/// <summary>A row for each route of a worker's internal port; what is asked for is named <c>sandbox/incarnation</c>.</summary>
internal static class NodeApiRows
{
    /// <summary>The other ways through the route that catches all, each with a name of its own.</summary>
    public static IReadOnlyList<string> AgentWays { get; } = ["agent POST", "agent WebSocket", "agent bare tunnel"];

    public static IReadOnlyList<RouteRow> All { get; } =
    [
        new($"GET {NodeApiRoutes.Ping}", Named.Nothing, _ => new(HttpMethod.Get, NodeApiRoutes.Ping)),
        new($"GET {NodeApiRoutes.Logs}", Named.Nothing, _ => new(HttpMethod.Get, NodeApiRoutes.Logs)),
        new($"GET {NodeApiRoutes.Use}", Named.Nothing, _ => new(HttpMethod.Get, NodeApiRoutes.Use)),
        new($"GET {NodeApiRoutes.Diagnostics}", Named.Nothing, _ => new(HttpMethod.Get, NodeApiRoutes.Diagnostics)),
        new($"GET {NodeApiRoutes.Maintenance}", Named.Nothing, _ => new(HttpMethod.Get, NodeApiRoutes.Maintenance)),
        new($"POST {NodeApiRoutes.Maintenance}", Named.Nothing, id => new(HttpMethod.Post, NodeApiRoutes.Maintenance)
        {
            Content = new StringContent($$"""{"id":"{{id}}","task":"none","images":[]}""", Encoding.UTF8, "application/json"),
        }),
        new($"GET {ActivityRoute.Pattern}", Named.Sandbox, id =>
            new(HttpMethod.Get, $"{NodeApiRoutes.Activity}/{id}")) { AnswersAlike = true },
        new($"GET {LogRoute.Pattern}", Named.Sandbox, id =>
            new(HttpMethod.Get, $"{NodeApiRoutes.SandboxLogs}/{id}?tail=1")) { AnswersAlike = true },
        new($"POST {EgressRoute.Pattern}", Named.Sandbox, id =>
            new(HttpMethod.Post, $"{NodeApiRoutes.SandboxEgress}/{id}")) { AnswersAlike = true },
        new($"* {AgentRoute.Pattern}", Named.Sandbox, id => new(HttpMethod.Get, $"{NodeApiRoutes.Agents}/{id}/agent/status?a=%2Fb")),
        new(AgentWays[0], Named.Sandbox, id => new(HttpMethod.Post, $"{NodeApiRoutes.Agents}/{id}/rock/execute")
        {
            Content = new StringContent("""{"command":["true"]}""", Encoding.UTF8, "application/json"),
        }),
        new(AgentWays[1], Named.Sandbox, id => Upgrade(id, "websocket")),
        new(AgentWays[2], Named.Sandbox, id => Upgrade(id, "tcp")),
    ];

    /// <summary>Port 1 answers no caller; that the tunnel was asked for reaches the agent all the same.</summary>
    private static HttpRequestMessage Upgrade(string id, string protocol)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"{NodeApiRoutes.Agents}/{id}/rock/portforward?port=1");
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd(protocol);
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        return request;
    }
}
