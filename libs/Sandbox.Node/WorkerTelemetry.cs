using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sandbox.Contracts.Jobs;

namespace Sandbox.Node;

/// <summary>The spans and metrics of a worker.</summary>
internal sealed class WorkerTelemetry(IMeterFactory meters)
{
    public const string Name = "Sandbox.Worker";

    private static readonly ActivitySource Spans = new(Name);

    private readonly Histogram<double> _jobDuration = meters.Create(Name).CreateHistogram(
        "job.duration.seconds", unit: "s", description: "Time from taking a job to its outcome.", tags: null, Buckets.OfJobs);

    private readonly Histogram<double> _engineDuration = meters.Create(Name).CreateHistogram(
        "engine.duration.seconds", unit: "s", description: "Time that the engine took for one call.", tags: null, Buckets.OfCalls);

    private readonly Histogram<double> _dutyDuration = meters.Create(Name).CreateHistogram(
        "duty.duration.seconds", unit: "s", description: "Time that one round of a duty of the head took.", tags: null, Buckets.OfCalls);

    private readonly Histogram<double> _startDuration = meters.Create(Name).CreateHistogram(
        "start.duration.seconds", unit: "s", description: "Time from the request for a sandbox until it ran.", tags: null, Buckets.OfJobs);

    /// <summary>Continues the trace of the request for the job, even after a restart in between.</summary>
    public static Activity? StartJob(SandboxJob job)
    {
        if (!Spans.HasListeners())
        {
            return null;
        }

        _ = ActivityContext.TryParse(job.TraceParent, traceState: null, isRemote: true, out var asker);
        return Spans.StartActivity($"job {KindOf(job)}", ActivityKind.Consumer, asker)?.SetTag("sandbox.id", job.SandboxId.ToString());
    }

    /// <summary>A call to the engine as part of a trace; what is asked from time to time by itself has no span.</summary>
    public static Activity? StartEngineCall(string verb) =>
        Activity.Current is not null && Spans.HasListeners() ? Spans.StartActivity($"docker {verb}", ActivityKind.Client) : null;

    /// <summary>The job's name in spans, metrics and logs: <c>StartSandbox</c>.</summary>
    public static string KindOf(SandboxJob job) => job.GetType().Name[..^"Job".Length];

    public void OnJobFinished(SandboxJob job, string outcome, TimeSpan took) =>
        _jobDuration.Record(took.TotalSeconds, new("kind", KindOf(job)), new("outcome", outcome));

    /// <param name="outcome"><c>done</c>, <c>refused</c>, <c>unreachable</c> or <c>failed</c>.</param>
    public void OnEngineAnswered(string verb, string outcome, TimeSpan took) =>
        _engineDuration.Record(took.TotalSeconds, new("verb", verb), new("outcome", outcome));

    /// <param name="outcome"><c>done</c> or <c>failed</c>.</param>
    public void OnDutyRan(string duty, string outcome, TimeSpan took) =>
        _dutyDuration.Record(took.TotalSeconds, new("duty", duty), new("outcome", outcome));

    public void OnStarted(TimeSpan took) => _startDuration.Record(took.TotalSeconds);

    /// <summary>Seconds, as far apart as the times of one kind of work lie.</summary>
    private static class Buckets
    {
        public static readonly InstrumentAdvice<double> OfCalls =
            new() { HistogramBucketBoundaries = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60] };

        public static readonly InstrumentAdvice<double> OfJobs =
            new() { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600] };
    }
}
