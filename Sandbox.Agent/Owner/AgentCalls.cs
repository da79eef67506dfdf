using Sandbox.Agent.Activity;
using Sandbox.Agent.Http;
using Sandbox.Agent.Processes;
using Sandbox.Contracts.Agent;

namespace Sandbox.Agent.Owner;

/// <summary>The owner's own calls: status, init, shutdown.</summary>
internal sealed class AgentCalls(
    AgentActivity activity, SandboxEnvironment environment, ProcessTable processes, Watchdog watchdog, AgentLifetime lifetime,
    DemandedToken token)
{
    private static readonly string Version = typeof(AgentCalls).Assembly.GetName().Version?.ToString(3) ?? "0";

    internal void Map(RouteTable routes)
    {
        routes.Get(AgentRoutes.Status, StatusAsync);
        routes.Post(AgentRoutes.Init, InitAsync);
        routes.Post(AgentRoutes.Shutdown, ShutdownAsync);
    }

    private Task StatusAsync(HttpContext context) => context.WriteJsonAsync(Status(), AgentJson.Default.AgentStatus);

    private async Task InitAsync(HttpContext context)
    {
        var init = await context.ReadJsonAsync(AgentJson.Default.AgentInit);
        if (init is not { GraceSeconds: >= 0 and <= 1e9, Token: null or { Length: >= DemandedToken.Shortest } })
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        if (init.Token is { } own)
        {
            token.Replace(own);
        }

        environment.SetInit(init);
        watchdog.SetGrace(TimeSpan.FromSeconds(init.GraceSeconds));
        await StatusAsync(context);
    }

    private Task ShutdownAsync(HttpContext context)
    {
        context.Response.OnCompleted(() =>
        {
            lifetime.Stop();
            return Task.CompletedTask;
        });
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private AgentStatus Status() => new()
    {
        Version = Version,
        Pid = Environment.ProcessId,
        SandboxId = environment.Init?.SandboxId ?? "",
        CallsInFlight = activity.CallsInFlight,
        IdleMilliseconds = (long)activity.Idle.TotalMilliseconds,
        Processes = processes.Running.Count,
        Sessions = activity.Sessions,
    };
}
