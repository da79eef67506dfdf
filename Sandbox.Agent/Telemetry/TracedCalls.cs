using System.Diagnostics;
using Sandbox.Contracts.Agent;

namespace Sandbox.Agent.Telemetry;

/// <summary>Tells the owner of a traced call how long the agent worked until its answer began. A call that nobody traces costs
/// one look at its headers.</summary>
internal static class TracedCalls
{
    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.TraceParent is [{ } parent] && AgentSpan.TraceOf(parent) is { } trace)
        {
            var begun = Stopwatch.GetTimestamp();
            context.Response.OnStarting(() =>
            {
                context.Response.Headers[AgentSpan.Header] =
                    new AgentSpan(trace, (long)Stopwatch.GetElapsedTime(begun).TotalMicroseconds).ToString();
                return Task.CompletedTask;
            });
        }

        return next(context);
    }
}
