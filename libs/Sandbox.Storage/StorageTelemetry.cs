using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage;

/// <summary>
/// What the stores tell about the sandboxes whose transitions this process writes: how often what happened, and one billing line for each
/// time that one ran. It is told after the write is committed: a process that is killed in between leaves no line, and the
/// record's history still has both times.
/// </summary>
internal sealed partial class StorageTelemetry
{
    public const string Name = "Sandbox.Storage";

    /// <summary>Category of the billing lines, so that they can be kept apart from other logs.</summary>
    public const string BillingCategory = "Sandbox.Billing";

    private readonly Counter<long> _transitions;
    private readonly ILogger _billing;

    public StorageTelemetry(IMeterFactory meters, ILoggerFactory loggers)
    {
        _transitions = meters.Create(Name).CreateCounter<long>(
            "moves", description: "What happened to sandboxes, as this process wrote it.");
        _billing = loggers.CreateLogger(BillingCategory);
    }

    public void OnMoved(SandboxTransition transition)
    {
        if (_transitions.Enabled)
        {
            var count = (int)Math.Min(transition.Next.Version - transition.From.Version, transition.Next.History.Count);
            foreach (var change in transition.Next.History.TakeLast(count))
            {
                _transitions.Add(1, new("event", change.On.Name()), new("state", change.To.Name()));
            }
        }

        if (transition.From is { State: SandboxState.Running, StartedAt: { } begun } ran
            && transition.Next.State is not SandboxState.Running)
        {
            var end = transition.Next.StoppedAt ?? transition.Next.DeletedAt ?? begun;
            Log.Ran(_billing, ran.Id, ran.Tenant, ran.Spec.Cpus, ran.Spec.MemoryBytes, Math.Max(0, (end - begun).TotalSeconds), begun, end);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            3901, LogLevel.Information,
            "Sandbox {SandboxId} of {Tenant} had {Cpus} CPUs and {MemoryBytes} bytes for {Seconds:0.###} s, from {StartedAt:O} to "
                + "{StoppedAt:O}")]
        public static partial void Ran(
            ILogger logger, SandboxId sandboxId, string tenant, double cpus, long memoryBytes, double seconds, DateTimeOffset startedAt,
            DateTimeOffset stoppedAt);
    }
}
