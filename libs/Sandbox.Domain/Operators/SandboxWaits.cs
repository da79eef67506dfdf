using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Operators;

/// <summary>Waits for something to become true of a sandbox: woken by each change, and looking by itself now and then, because wake-ups
/// are hints.</summary>
public sealed class SandboxWaits(ISandboxStore records, IJobStore jobs, IChangeFeed feed, OperatorOptions options, TimeProvider time)
{
    /// <inheritdoc cref="ISandboxOperator.WaitUntilAliveAsync"/>
    public Task<Result<SandboxInstance>> UntilAliveAsync(SandboxId id, CancellationToken cancellationToken) =>
        UntilAsync(id, async () => Outcome(id, await records.FindAsync(id, cancellationToken)), cancellationToken);

    /// <summary>The same answer once the container's work is done, or when that takes longer than is waited.</summary>
    public async Task<Result<SandboxInstance>> AfterItsJobsAsync(Result<SandboxInstance> answer, CancellationToken cancellationToken)
    {
        if (!answer.TryGet(out var record, out _) || record.State is SandboxState.Running)
        {
            return answer;
        }

        using var bound = new CancellationTokenSource(options.StopWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, bound.Token);
        try
        {
            return await UntilAsync(
                record.Id, async () => await jobs.HasOpenAsync(record.Id, record.Version, either.Token) ? null : answer, either.Token);
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The record says what was asked for, and the job goes on.
            return answer;
        }
    }

    /// <summary>The first answer that is not null. The subscription is made before each look, so that no change between the
    /// look and the wait is missed.</summary>
    private async Task<T> UntilAsync<T>(SandboxId id, Func<Task<T?>> look, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            using var change = feed.Subscribe(id);
            if (await look() is { } answer)
            {
                return answer;
            }

            using var waited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(change.Changed, Task.Delay(options.Look, time, waited.Token));
            await waited.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Null while the start goes on.</summary>
    private static Result<SandboxInstance>? Outcome(SandboxId id, SandboxInstance? record) => record switch
    {
        null => new SandboxError.NotFound(id.ToString()),
        { State: SandboxState.Pending } => null,
        { State: SandboxState.Running } => record,
        { History: [.., { On: SandboxEvent.StartFailed }] } => Failure(record),
        _ => new SandboxError.NotStarted(id, record.State.Name()),
    };

    private static SandboxError.StartFailed Failure(SandboxInstance record)
    {
        var phase = record.Phases.Find(phase => phase.Status is PhaseStatus.Failed or PhaseStatus.Timeout);
        return new SandboxError.StartFailed(record.Id, phase?.Name ?? SandboxPhase.DockerRun, record.Reason ?? phase?.Message ?? "unknown");
    }
}
