using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// Lets no trace begin with a call to another process: those are heartbeats, renewals of leases, wake-ups and scans that a loop makes by
/// itself, several each second, and no one looks for them. Within a trace that a request or a job began, the same calls are spans.
/// For <see cref="ParentBasedSampler"/>, so that the process that is called begins none either.
/// </summary>
internal sealed class UnaskedCallSampler : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(samplingParameters.Kind is ActivityKind.Client or ActivityKind.Producer
            ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
}
