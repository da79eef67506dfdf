using System.Diagnostics;
using System.Net;
using Sandbox.Contracts.Agent;
using Sandbox.Node.Agents;

namespace Sandbox.Worker.Tests.Agents;

public sealed class TracingHandlerTests : IDisposable
{
    private readonly List<Activity> _ended = [];
    private readonly ActivityListener _listener;
    private readonly Answering _agent = new();
    private readonly HttpMessageInvoker _invoker;

    public TracingHandlerTests()
    {
        _invoker = new HttpMessageInvoker(new TracingHandler { InnerHandler = _agent });
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Sandbox.Agent" or nameof(TracingHandlerTests),
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => { lock (_ended) { _ended.Add(activity); } },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _invoker.Dispose();
    }

    /// <summary>The way of every command: without a tracer it has to cost nothing, not even a task of its own.</summary>
    [Fact]
    public void Call_WithoutATrace_IsTheInnerHandlersOwnTask()
    {
        using var request = Request();

        Task<HttpResponseMessage> call = _invoker.SendAsync(request, CancellationToken.None);

        Assert.Same(_agent.Given, call);
        Assert.False(request.Headers.Contains(AgentSpan.ParentHeader), "there is no tracer, and the agent was not to be asked");
    }

    [Fact]
    public async Task TracedCall_ThatAgentAnswers_HasTheAgentsSpanWithinIt()
    {
        using var source = new ActivitySource(nameof(TracingHandlerTests));
        using var asker = source.StartActivity("asker")!;
        _agent.Says = parent => new AgentSpan(AgentSpan.TraceOf(parent)!, 5);

        using var answer = await _invoker.SendAsync(Request(), CancellationToken.None);

        asker.Stop();
        Assert.False(answer.Headers.Contains(AgentSpan.Header), "what the agent tells its owner was not to go on");
        var span = Assert.Single(SpansOf(asker));
        Assert.Equal((asker.SpanId, "agent POST /rock/execute"), (span.ParentSpanId, span.DisplayName));
        Assert.Equal(TimeSpan.FromMicroseconds(5), span.Duration);
    }

    [Fact]
    public async Task TracedCall_WhoseAgentSaysThatItTookForHours_HasASpanNoLongerThanTheCall()
    {
        using var source = new ActivitySource(nameof(TracingHandlerTests));
        using var asker = source.StartActivity("asker")!;
        _agent.Says = parent => new AgentSpan(AgentSpan.TraceOf(parent)!, 7_200_000_000);

        using var answer = await _invoker.SendAsync(Request(), CancellationToken.None);

        asker.Stop();
        var span = Assert.Single(SpansOf(asker));
        Assert.True(span.Duration <= asker.Duration, $"the call took {asker.Duration}, the agent's span {span.Duration}");
    }

    [Fact]
    public async Task TracedCall_WhoseAgentNamesAnotherTrace_HasNoSpan()
    {
        using var source = new ActivitySource(nameof(TracingHandlerTests));
        using var asker = source.StartActivity("asker")!;
        var other = ActivityTraceId.CreateRandom().ToHexString();
        _agent.Says = _ => new AgentSpan(other, 5);

        using var answer = await _invoker.SendAsync(Request(), CancellationToken.None);

        asker.Stop();
        Assert.False(answer.Headers.Contains(AgentSpan.Header), "what the agent tells its owner was not to go on");
        Assert.Empty(SpansOf(asker));
        lock (_ended)
        {
            Assert.DoesNotContain(_ended, span => span.TraceId.ToHexString() == other);
        }
    }

    private static HttpRequestMessage Request() => new(HttpMethod.Post, "http://agent/rock/execute");

    private List<Activity> SpansOf(Activity asker)
    {
        lock (_ended)
        {
            return [.. _ended.Where(span => span.TraceId == asker.TraceId && span.Source.Name == "Sandbox.Agent")];
        }
    }

    /// <summary>An agent's end of the connection.</summary>
    private sealed class Answering : HttpMessageHandler
    {
        public Task<HttpResponseMessage>? Given { get; private set; }

        public Func<string, AgentSpan>? Says { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = new HttpResponseMessage(HttpStatusCode.OK);
            if (request.Headers.TryGetValues(AgentSpan.ParentHeader, out var parents))
            {
                answer.Headers.Add(AgentSpan.Header, Says!(parents.Single()).ToString());
            }

            return Given = Task.FromResult(answer);
        }
    }
}
