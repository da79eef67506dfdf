using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Telemetry;

namespace Sandbox.Observability.Tests;

/// <summary>One trace from the client's request through the job to the engine and into the agent, as an OTLP receiver has it.</summary>
[Collection(nameof(WatchedCluster))]
public sealed class TraceTests(WatchedCluster watched)
{
    [NeedsDockerFact]
    public async Task StartAsync_IsOneTrace_ThroughApiJobEngineAndAgent()
    {
        var id = $"trace-{Guid.NewGuid():N}";
        var trace = await watched.TracedAsync("start_async", WatchedCluster.Sandbox(id));
        await watched.Caller.UntilAliveAsync(id);

        var spans = await watched.Receiver.UntilAsync(
            trace,
            seen => Has(seen, "Sandbox.Api", "start_async") && Has(seen, "Sandbox.Worker", "job StartSandbox")
                && Has(seen, "Sandbox.Worker", "docker create")
                && Has(seen, "Sandbox.Worker", "docker start") && Has(seen, "Sandbox.Worker", "agent POST /agent/init"),
            "spans of the API, of the job, of the engine's create and start, and of the agent");

        var (request, job) = (One(spans, "start_async"), One(spans, "job StartSandbox"));
        Assert.Equal(request.SpanId, job.ParentId);
        Assert.Equal(job.SpanId, One(spans, "docker create").ParentId);
        Assert.Equal(job.SpanId, One(spans, "docker start").ParentId);
        AssertInside(One(spans, "agent POST /agent/init"), job);
        Assert.Equal("Sandbox.Agent", One(spans, "agent POST /agent/init").Source);
        await watched.Caller.MustPostAsync("stop", new { sandbox_id = id });
    }

    [NeedsDockerFact]
    public async Task RunInSession_IsOneTrace_ThroughApiWorkerAndAgent()
    {
        var id = $"trace-{Guid.NewGuid():N}";
        await watched.Caller.RunAsync(id);
        await watched.Caller.MustPostAsync("create_session", new { sandbox_id = id, session = "s" });

        var trace = await watched.TracedAsync(
            "run_in_session", new { sandbox_id = id, session = "s", command = "sleep 0.2; echo done", timeout = 60 });

        var spans = await watched.Receiver.UntilAsync(
            trace,
            seen => Has(seen, "Sandbox.Api", "run_in_session") && Has(seen, "Sandbox.Worker", "/agents/")
                && Has(seen, "Sandbox.Worker", "agent POST /rock/run_in_session"),
            "spans of the API, of the worker and of the agent");
        var (request, nodeApi, agent) = (One(spans, "sandbox/v1/run_in_session"), One(spans, "/agents/"), One(spans, "agent POST"));
        Assert.Equal(request.SpanId, nodeApi.ParentId);
        Assert.Equal(nodeApi.SpanId, agent.ParentId);
        AssertInside(agent, nodeApi);
        Assert.True(
            agent.End - agent.Begin >= 200_000_000,
            $"the agent ran a command of 0.2 s, and its span has {(agent.End - agent.Begin) / 1e6} ms");
        await watched.Caller.MustPostAsync("stop", new { sandbox_id = id });
    }

    /// <summary>The job waits in the store, its worker is killed, and the next life of the worker goes on with the trace.</summary>
    [NeedsDockerFact]
    public async Task Job_RunByALaterLifeOfTheWorker_GoesOnWithTheTraceOfWhoAsked()
    {
        var (id, worker) = ($"trace-{Guid.NewGuid():N}", watched.Cluster.Workers[0]);
        await DrainAsync("drain");
        // The node itself learns of it with its next heartbeat.
        var metrics = new Uri(await WatchedCluster.InternalAddressAsync(worker), "metrics");
        await Wait.UntilAsync(
            async () =>
                (await watched.Caller.Http.GetStringAsync(metrics)).Contains("\nsandbox_worker_draining 1", StringComparison.Ordinal),
            () => "the node knows that it drains");
        var trace = await watched.TracedAsync("start_async", WatchedCluster.Sandbox(id));
        await worker.KillAsync();
        await ProcessCluster.StartWorkerAsync(worker);
        await DrainAsync("undrain");
        await watched.Caller.UntilAliveAsync(id);

        var spans = await watched.Receiver.UntilAsync(
            trace, seen =>
                Has(seen, "Sandbox.Api", "start_async") && Has(seen, "Sandbox.Worker", "job StartSandbox"), "the spans of request and job");

        Assert.Equal(One(spans, "start_async").SpanId, One(spans, "job StartSandbox").ParentId);
        await watched.Caller.MustPostAsync("stop", new { sandbox_id = id });
    }

    /// <summary>Heartbeats, renewals and wake-ups go on all the time; a trace that a caller asked for comes through beside them.</summary>
    [NeedsDockerFact]
    public async Task Traces_OfCallsThatNobodyAskedFor_AreNotSent()
    {
        var id = $"trace-{Guid.NewGuid():N}";
        await watched.Caller.RunAsync(id);
        var trace = await watched.TracedAsync("stop", new { sandbox_id = id });
        await watched.Receiver.UntilAsync(
            trace, seen =>
                Has(seen, "Sandbox.Api", "stop") && seen.Any(span => span.Source == "Npgsql"),
                "the request and its statements in the database");

        var unasked = watched.Receiver.Spans.Where(span => span.ParentId is "" && IsCall(span)).ToList();

        Assert.True(unasked.Count == 0, $"no trace was to begin with a call of a loop's: {OtlpReceiver.Text(unasked)}");
    }

    [NeedsDockerFact]
    public async Task Processes_SendMetricsAndLogs_BesideTraces()
    {
        await watched.Caller.Http.GetAsync(new Uri("/openapi.json", UriKind.Relative));

        await Wait.UntilAsync(
            () => Task.FromResult(watched.Receiver.PostsTo("/v1/metrics") > 0 && watched.Receiver.PostsTo("/v1/logs") > 0),
            () => $"metrics ({watched.Receiver.PostsTo("/v1/metrics")}) and logs ({watched.Receiver.PostsTo("/v1/logs")}) arrive");
    }

    private async Task DrainAsync(string verb)
    {
        using var answer = await watched.Caller.Http.PostAsync(new Uri($"/api/v1/nodes/w1/{verb}", UriKind.Relative), content: null);
        Assert.True(answer.IsSuccessStatusCode, $"{verb} was to succeed: {await answer.Content.ReadAsStringAsync()}");
    }

    private static bool IsCall(ReceivedSpan span) =>
        span.Source is "Npgsql" or "System.Net.Http" || span.Source.Contains("Redis", StringComparison.Ordinal);

    private static bool Has(IReadOnlyList<ReceivedSpan> spans, string service, string name) =>
        spans.Any(span => span.Service == service && span.Name.Contains(name, StringComparison.Ordinal));

    private static ReceivedSpan One(IReadOnlyList<ReceivedSpan> spans, string name)
    {
        var found = spans.Where(span => span.Name.Contains(name, StringComparison.Ordinal)).ToList();
        Assert.True(found.Count == 1, $"one span '{name}' was expected: {OtlpReceiver.Text(spans)}");
        return found[0];
    }

    private static void AssertInside(ReceivedSpan inner, ReceivedSpan outer) =>
        Assert.True(
            inner.Begin >= outer.Begin && inner.End <= outer.End && inner.Begin <= inner.End,
            $"'{inner.Name}' ({inner.Begin}..{inner.End}) was to lie within '{outer.Name}' ({outer.Begin}..{outer.End})");
}
