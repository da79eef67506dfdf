using System.Diagnostics;
using Sandbox.Contracts.Agent;

namespace Sandbox.Node.Agents;

/// <summary>The spans of agents, which their owner makes for them (see <see cref="AgentSpan"/>).</summary>
internal static class AgentTelemetry
{
    public const string Name = "Sandbox.Agent";

    private static readonly ActivitySource Spans = new(Name);

    public static bool IsHeard => Spans.HasListeners();

    /// <param name="took">The whole call as it was seen here; the agent's part is laid into the middle of it.</param>
    public static void OnAnswered(Activity asker, HttpRequestMessage request, AgentSpan span, TimeSpan took, int status)
    {
        var inside = TimeSpan.FromMicroseconds(span.Microseconds);
        if (inside > took)
        {
            inside = took;
        }

        var end = TimeProvider.System.GetUtcNow() - ((took - inside) / 2);
        var path = request.RequestUri!.AbsolutePath;
        using var activity = Spans.StartActivity(
            $"agent {request.Method.Method} {path}", ActivityKind.Server, asker.Context, tags: null, links: null, end - inside);
        activity?.SetTag("http.request.method", request.Method.Method).SetTag("url.path", path).SetTag("http.response.status_code", status);
        activity?.SetEndTime(end.UtcDateTime);
    }
}
