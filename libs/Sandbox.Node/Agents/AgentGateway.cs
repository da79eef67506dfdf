using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Agents;

/// <summary>The road to the agents of this node. A call reads memory only; what it means for the idle deadline is written
/// beside it.</summary>
internal sealed partial class AgentGateway(
    ISandboxStore store, ILiveStore live, IChangeFeed feed, TimeProvider time, ILogger<AgentGateway> logger) : IAgentGateway
{
    /// <summary>How long a call waits for the agent of a sandbox that runs: after a restart of this process it dials again.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The same for a sandbox that this process has not taken up yet: it was just started, on a machine that may be
    /// busy.</summary>
    internal static readonly TimeSpan AdoptionPatience = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<SandboxId, ConnectedAgent> _seats = new();

    public ValueTask<Result<AgentCall>> OpenAsync(SandboxId id, CancellationToken cancellationToken) =>
        _seats.TryGetValue(id, out var seat) && seat.Link.IsConnected
            ? ValueTask.FromResult<Result<AgentCall>>(seat.Begin(Touch))
            : new ValueTask<Result<AgentCall>>(OpenSlowlyAsync(id, cancellationToken));

    /// <summary>The sandbox runs and its agent was told what it needs to know: calls go there from now on.</summary>
    public void Admit(SandboxInstance running, AgentLink link)
    {
        _seats[running.Id] = new ConnectedAgent(running, link, time.GetUtcNow());
        feed.Publish(running.Id);
    }

    /// <summary>No call goes there any more.</summary>
    public void Dismiss(SandboxId id, IncarnationId incarnation)
    {
        if (_seats.TryGetValue(id, out var seat) && seat.Sandbox.Incarnation == incarnation)
        {
            _seats.TryRemove(KeyValuePair.Create(id, seat));
        }
    }

    /// <summary>The sandboxes that run here, as they were admitted.</summary>
    public IReadOnlyList<SandboxInstance> Admitted => [.. _seats.Values.Select(seat => seat.Sandbox)];

    public ConnectedAgent? Find(SandboxId id) => _seats.GetValueOrDefault(id);

    private async Task<Result<AgentCall>> OpenSlowlyAsync(SandboxId id, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_seats.ContainsKey(id) ? Patience : AdoptionPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await AwaitAgentAsync(id, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SandboxError.AgentUnreachable(id, "its agent is not connected");
        }
    }

    private async Task<Result<AgentCall>> AwaitAgentAsync(SandboxId id, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var change = feed.Subscribe(id);
            var record = await store.FindAsync(id, cancellationToken);
            if (record is null or { State: SandboxState.Deleted })
            {
                return new SandboxError.NotFound(id.ToString());
            }

            if (record.State is not SandboxState.Running)
            {
                return new SandboxError.NotStarted(id, record.State.Name());
            }

            if (_seats.TryGetValue(id, out var seat) && seat.Sandbox.Incarnation == record.Incarnation)
            {
                await Task.WhenAny(seat.Link.Connected, change.Changed).WaitAsync(cancellationToken);
                if (seat.Link.IsConnected)
                {
                    return seat.Begin(Touch);
                }
            }
            else
            {
                await change.Changed.WaitAsync(cancellationToken);
            }
        }
    }

    private void Touch(ConnectedAgent seat)
    {
        seat.Touch(time.GetUtcNow());
        if (seat.TryBeginRefresh())
        {
            _ = RefreshAsync(seat);
        }
    }

    private async Task RefreshAsync(ConnectedAgent seat)
    {
        try
        {
            var sandbox = seat.Sandbox;
            if (!ReferenceEquals(Find(sandbox.Id), seat))
            {
                // Stopped meanwhile: its live entry is gone and stays so.
                return;
            }

            var expiresAt = seat.LastActivity + sandbox.Spec.IdleTimeout;
            await live.PutTimeoutAsync(
                sandbox.Id, sandbox.Version, new LiveTimeout(sandbox.Spec.IdleTimeout, expiresAt), CancellationToken.None);
            if (expiresAt - seat.Recorded >= ActivityPolicy.StepOf(sandbox.Spec.IdleTimeout))
            {
                await Task.Run(() => AmendAsync(seat));
            }
        }
        catch (Exception exception)
        {
            // A call never fails for this; the scan asks for the last activity before it stops anything.
            Log.RefreshFailed(logger, seat.Sandbox.Id, exception);
        }
        finally
        {
            seat.EndRefresh();
        }
    }

    private async Task AmendAsync(ConnectedAgent seat)
    {
        var record = await store.FindAsync(seat.Sandbox.Id, CancellationToken.None);
        if (record is null || record.Incarnation != seat.Sandbox.Incarnation)
        {
            return;
        }

        var later = ActivityPolicy.Touch(record, seat.LastActivity);
        if (later is null || await store.TryUpdateFactsAsync(later, CancellationToken.None))
        {
            seat.Recorded = (later ?? record).IdleDeadline ?? DateTimeOffset.MaxValue;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4001, LogLevel.Warning, "Could not write down the activity of sandbox {SandboxId}")]
        public static partial void RefreshFailed(ILogger logger, SandboxId sandboxId, Exception exception);
    }
}
