using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Rollout.Executions;

namespace Sandbox.Rollout.Runs;

/// <summary>
/// The runs of a server: follows those that it begins, and at its start those that an earlier process of this state folder began. A run's
/// process does not end with the server. What other state folders have is theirs: of one of which nothing is heard it is only said so.
/// </summary>
/// <param name="open">Opens what runs rollouts, when it is needed for the first time.</param>
public sealed partial class ExecutionSupervisor(
    RolloutOptions options, Func<RolloutEngine> open, TimeProvider time, ILogger<ExecutionSupervisor> logger)
    : BackgroundService, IRunStarter
{
    /// <summary>So often it tells that it lives, and looks by itself: wake-ups are hints.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    // The command line may be just about to start the process of a run that it wrote down.
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _used = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<Guid, Task> _followed = new();
    private readonly ConcurrentDictionary<Guid, Task> _stopping = new();

    /// <summary>Begins a run and follows it to its end, which the caller need not wait for.</summary>
    /// <inheritdoc cref="CheckpointRunner.BeginAsync(RunRequest, CancellationToken)" path="/exception"/>
    public Task<BeginOutcome> BeginAsync(RunRequest request, CancellationToken cancellationToken) =>
        BeginAsync(open().Runner, request, cancellationToken);

    /// <inheritdoc/>
    public async Task<BeginOutcome> BeginAsync(CheckpointRunner runner, RunRequest request, CancellationToken cancellationToken)
    {
        var engine = open();
        _used.TrySetResult();

        // Before there is a run of this host, so that no other one takes it for silent.
        await engine.Store.TouchHostAsync(engine.State.Host, time.GetUtcNow(), cancellationToken);

        // Taken before it is written down, so that it is not found and given up before its process begins.
        _followed[request.Id] = Task.CompletedTask;
        Execution? begun = null;
        try
        {
            var outcome = await runner.BeginAsync(request, cancellationToken);
            begun = (outcome as BeginOutcome.Begun)?.Execution;
            return outcome;
        }
        finally
        {
            if (begun is null)
            {
                _followed.TryRemove(request.Id, out _);
            }
            else
            {
                _followed[request.Id] = FollowAsync(runner, begun, isNew: true);
            }
        }
    }

    /// <inheritdoc/>
    public Task FollowAsync(CheckpointRunner runner, Execution begun, CancellationToken cancellationToken) =>
        _followed.TryGetValue(begun.Id, out var following) ? following.WaitAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>Stops following; the processes of the runs live on.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _ended.CancelAsync();
        await base.StopAsync(cancellationToken);
        await Task.WhenAll([.. _followed.Values, .. _stopping.Values]).WaitAsync(cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        _ended.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.StateFolder.Length == 0)
        {
            return;
        }

        // A server that never ran one opens nothing.
        if (!Directory.Exists(options.StateFolder))
        {
            await _used.Task.WaitAsync(stoppingToken);
        }

        var (pause, touchedAt, isFirst) = (Task.Delay(LookEvery, time, stoppingToken), DateTimeOffset.MinValue, true);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var engine = open();
                using var change = engine.Store.Subscribe();
                if (time.GetUtcNow() - touchedAt >= LookEvery)
                {
                    touchedAt = time.GetUtcNow();
                    await engine.Store.TouchHostAsync(engine.State.Host, touchedAt, stoppingToken);
                }

                if (isFirst)
                {
                    await engine.Runner.EndGivenUpAsync(stoppingToken);
                    isFirst = false;
                }

                await LookAsync(engine, stoppingToken);
                await Task.WhenAny(change.Changed, pause);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Log.NotLooked(logger, exception, LookEvery);
                await pause;
            }

            if (pause.IsCompleted)
            {
                pause = Task.Delay(LookEvery, time, stoppingToken);
            }
        }
    }

    private async Task LookAsync(RolloutEngine engine, CancellationToken cancellationToken)
    {
        var all = await engine.Store.ActiveExecutionsAsync(cancellationToken);
        foreach (var run in _followed.Keys.Except(all.Select(active => active.Id)))
        {
            await engine.Runner.EndIfGivenUpAsync(run, cancellationToken);
        }

        foreach (var active in all)
        {
            if (!engine.Runner.IsOurs(active))
            {
                await engine.Runner.NoteSilenceAsync(active, cancellationToken);
                continue;
            }

            if (active.StopRequestedBy is not null && (!_stopping.TryGetValue(active.Id, out var stopping) || stopping.IsFaulted))
            {
                _stopping[active.Id] = engine.Runner.EndProcessesAsync(active.Id, _ended.Token);
            }

            var mayBeStarting = active.State is ExecutionState.Started && time.GetUtcNow() - active.StartedAt < StartPatience;
            if (!_followed.ContainsKey(active.Id) && !mayBeStarting)
            {
                Log.FoundAgain(logger, active.Id, active.Checkpoint);
                _followed[active.Id] = FollowAsync(engine.Runner, active, isNew: false);
            }
        }
    }

    private async Task FollowAsync(CheckpointRunner runner, Execution execution, bool isNew)
    {
        while (true)
        {
            try
            {
                if (isNew)
                {
                    isNew = false;
                    await foreach (var _ in runner.FollowAsync(execution, _ended.Token))
                    {
                        // The store has it.
                    }
                }
                else
                {
                    await runner.FollowAgainAsync(execution, _ended.Token);
                }

                _followed.TryRemove(execution.Id, out _);
                _stopping.TryRemove(execution.Id, out _);
                return;
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.NotFollowed(logger, exception, execution.Id, TryAgainAfter);
                await Task.Delay(TryAgainAfter, time, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2601, LogLevel.Information, "Execution {Execution} of {Checkpoint} is followed again")]
        public static partial void FoundAgain(ILogger logger, Guid execution, string checkpoint);

        [LoggerMessage(2602, LogLevel.Warning, "Execution {Execution} could not be followed, next try in {Delay}")]
        public static partial void NotFollowed(ILogger logger, Exception exception, Guid execution, TimeSpan delay);

        [LoggerMessage(2603, LogLevel.Warning, "The executions could not be looked at, next try in {Delay}")]
        public static partial void NotLooked(ILogger logger, Exception exception, TimeSpan delay);
    }
}
