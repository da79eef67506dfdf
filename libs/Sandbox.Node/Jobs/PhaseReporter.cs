using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>Writes how far a start is into its record and wakes the callers that wait for it. Progress within one phase is
/// thinned out.</summary>
internal sealed class PhaseReporter(SandboxInstance record, ISandboxStore store, FailureReporter failures, TimeProvider time)
    : IPhaseReporter, IDisposable
{
    private const int MaxMessage = 1024;
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _lock = new(1);
    private DateTimeOffset _written = DateTimeOffset.MinValue;

    /// <summary>The record with all that was reported.</summary>
    public SandboxInstance Record { get; private set; } = record;

    /// <inheritdoc cref="PhaseOf"/>
    public string CurrentPhase => PhaseOf(Record);

    public async Task ReportAsync(string phase, PhaseStatus status, string message, CancellationToken cancellationToken)
    {
        await _lock.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            var known = Record.Phases.Find(entry => entry.Name == phase);
            if (known?.Status == status && now - _written < ProgressEvery)
            {
                return;
            }

            Record = With(Record, phase, status, message, now);
            _written = now;
            await store.TryUpdateFactsAsync(Record, cancellationToken);
        }
        finally
        {
            _lock.Release();
        }
    }

    public string Describe(string kind, Exception exception) => failures.Describe(Record, kind, exception);

    /// <summary>Writes other facts of the start (the host). <see cref="Record"/> has them as soon as this is called and no
    /// report is under way.</summary>
    public async Task UpdateFactsAsync(Func<SandboxInstance, SandboxInstance> change, CancellationToken cancellationToken)
    {
        await _lock.WaitAsync(cancellationToken);
        try
        {
            Record = change(Record);
            await store.TryUpdateFactsAsync(Record, cancellationToken);
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>A fact that goes into the record with its next transition; no write of its own.</summary>
    public void Remember(Func<SandboxInstance, SandboxInstance> change) => Record = change(Record);

    public void Dispose() => _lock.Dispose();

    /// <summary>The name of the phase that a start is in, or failed in.</summary>
    internal static string PhaseOf(SandboxInstance record) =>
        record.Phases.Find(phase => phase.Status is PhaseStatus.Failed or PhaseStatus.Timeout or PhaseStatus.Running)?.Name
            ?? SandboxPhase.DockerRun;

    /// <summary>The record with one phase as it is now; its times follow from its status.</summary>
    internal static SandboxInstance With(SandboxInstance record, string phase, PhaseStatus status, string message, DateTimeOffset now)
    {
        var known = record.Phases.Find(entry => entry.Name == phase);
        var started = known?.StartedAt ?? (status is PhaseStatus.Waiting ? null : now);
        DateTimeOffset? completed = status is PhaseStatus.Waiting or PhaseStatus.Running ? null : now;
        var entry = new SandboxPhase(
            phase, status, message.Length > MaxMessage ? message[..MaxMessage] + "…" : message, started, completed);
        return record with { Phases = known is null ? record.Phases.Add(entry) : record.Phases.Replace(known, entry) };
    }
}
