using System.Diagnostics;
using Sandbox.Contracts.Agent;

namespace Sandbox.Node.Agents;

/// <summary>
/// Continues the trace of a call into the sandbox, and makes the agent's span out of the time that it says it took. What it says
/// comes from inside a sandbox: it counts only for the trace that was asked about and never for longer than the call took
/// here. Without a trace, or without a listener that keeps it, this is one more call and nothing else.
/// </summary>
internal sealed class TracingHandler : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        AgentTelemetry.IsHeard && Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C } asker
            ? SendTracedAsync(request, asker, cancellationToken)
            : base.SendAsync(request, cancellationToken);

    private async Task<HttpResponseMessage> SendTracedAsync(HttpRequestMessage request, Activity asker, CancellationToken cancellationToken)
    {
        request.Headers.Remove(AgentSpan.ParentHeader);
        request.Headers.TryAddWithoutValidation(AgentSpan.ParentHeader, asker.Id);
        var begun = Stopwatch.GetTimestamp();
        var answer = await base.SendAsync(request, cancellationToken);
        if (answer.Headers.NonValidated.TryGetValues(AgentSpan.Header, out var said))
        {
            answer.Headers.Remove(AgentSpan.Header);
            if (AgentSpan.TryParse(said.ToString(), out var span) && span.TraceId == asker.TraceId.ToHexString())
            {
                AgentTelemetry.OnAnswered(asker, request, span, Stopwatch.GetElapsedTime(begun), (int)answer.StatusCode);
            }
        }

        return answer;
    }
}
