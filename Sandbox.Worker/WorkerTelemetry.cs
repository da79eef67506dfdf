using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sandbox.Contracts.Jobs;

namespace Sandbox.Worker;

/// <summary>What a worker tells about itself.</summary>
internal sealed class WorkerTelemetry(IMeterFactory meters)
{
    public const string Name = "Sandbox.Worker";

    private static readonly ActivitySource Spans = new(Name);

    private readonly Histogram<double> _jobDuration = meters.Create(Name).CreateHistogram<double>(
        "sandbox.worker.job.duration", unit: "s", description: "Time from taking a job to its outcome.");

    /// <summary>Continues the trace of whoever asked for the job, even after a restart in between.</summary>
    public static Activity? StartJob(SandboxJob job)
    {
        _ = ActivityContext.TryParse(job.TraceParent, traceState: null, isRemote: true, out var asker);
        return Spans.StartActivity($"job {KindOf(job)}", ActivityKind.Consumer, asker)?.SetTag("sandbox.id", job.SandboxId.ToString());
    }

    public static string KindOf(SandboxJob job) => job.GetType().Name;

    public void OnJobFinished(SandboxJob job, string outcome, TimeSpan took) =>
        _jobDuration.Record(took.TotalSeconds, new("job", KindOf(job)), new("outcome", outcome));
}
