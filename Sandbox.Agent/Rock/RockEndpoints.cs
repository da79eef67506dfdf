using Sandbox.Agent.Http;
using Sandbox.Agent.Ports;
using Sandbox.Agent.Statistics;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary>ROCK's agent routes over the cores.</summary>
internal sealed class RockEndpoints(
    ExecuteCall execute, SessionCalls sessions, TextFileCalls files, UploadCall upload, SandboxStatistics statistics, PortForward ports,
    GemCalls gem)
{
    public void Map(RouteTable routes)
    {
        routes.Get(AgentRoutes.Rock + "/", context => JsonAsync(context, """{"message":"sandbox agent"}"""));
        routes.Get(AgentRoutes.Rock + "/is_alive", context => JsonAsync(context, """{"is_alive":true,"message":""}"""));
        routes.Get(AgentRoutes.Rock + "/get_statistics", context => context.WriteJsonAsync(statistics.Take(), RockJson.Default.Statistics));
        routes.Get(AgentRoutes.Rock + "/portforward", ports.HandleAsync);
        Post(routes, "/create_session", sessions.CreateAsync);
        Post(routes, "/run_in_session", sessions.RunAsync);
        Post(routes, "/close_session", sessions.CloseAsync);
        Post(routes, "/close", sessions.CloseAllAsync);
        Post(routes, "/execute", execute.HandleAsync);
        Post(routes, "/read_file", files.ReadAsync);
        Post(routes, "/write_file", files.WriteAsync);
        Post(routes, "/upload", upload.HandleAsync);
        Post(routes, "/env/make", gem.MakeAsync);
        Post(routes, "/env/reset", gem.ResetAsync);
        Post(routes, "/env/step", gem.StepAsync);
        Post(routes, "/env/close", gem.CloseAsync);
        Post(routes, "/env/list", gem.ListAsync);
    }

    internal static Task JsonAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }

    private static void Post(RouteTable routes, string route, RequestDelegate handler) =>
        routes.Post(AgentRoutes.Rock + route, RockFailures.Guard(handler));
}
