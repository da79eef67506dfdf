using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Agents;

/// <summary>The gateway to the agents of this node. A call reads memory only; what it means for the idle deadline is written
/// beside it.</summary>
internal sealed partial class AgentGateway(
    ISandboxStore store, ILiveStore live, IChangeFeed feed, TimeProvider time, ILogger<AgentGateway> logger) : IAgentGateway
{
    /// <summary>How long a call waits for the agent of a sandbox that runs: after a restart of this process it dials again.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The same for a sandbox that this process has not taken up yet: it was just started, on a machine that may be
    /// busy.</summary>
    internal static readonly TimeSpan AdoptionPatience = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<SandboxId, ConnectedAgent> _agents = new();

    public ValueTask<Result<AgentCall>> OpenAsync(SandboxId id, CancellationToken cancellationToken) =>
        _agents.TryGetValue(id, out var agent) && agent.Link.IsConnected
            ? ValueTask.FromResult<Result<AgentCall>>(agent.Begin(Touch))
            : new ValueTask<Result<AgentCall>>(OpenSlowlyAsync(id, cancellationToken));

    /// <summary>The sandbox runs and its agent was told what it needs to know: calls go there from now on.</summary>
    public void Register(SandboxInstance running, AgentLink link)
    {
        var agent = new ConnectedAgent(running, link, time.GetUtcNow());
        if (Find(running.Id) is { } earlier
            && (earlier.Sandbox.Incarnation, earlier.Sandbox.Version) == (running.Incarnation, running.Version))
        {
            // The record also counts what the agent says of its own activity. An agent that dials again does not make calls of that.
            agent.Touch(earlier.LastActivity);
        }

        _agents[running.Id] = agent;
        feed.Publish(running.Id);
    }

    /// <summary>No call goes there any more.</summary>
    public void Unregister(SandboxId id, IncarnationId incarnation)
    {
        if (_agents.TryGetValue(id, out var agent) && agent.Sandbox.Incarnation == incarnation)
        {
            _agents.TryRemove(KeyValuePair.Create(id, agent));
        }
    }

    /// <summary>The record of one that runs here was read again.</summary>
    public void Refresh(SandboxInstance running)
    {
        if (Find(running.Id) is { } agent && agent.Sandbox.Incarnation == running.Incarnation && agent.Sandbox.Version == running.Version
            && (agent.Sandbox.Spec.Egress?.Revision ?? 0) <= (running.Spec.Egress?.Revision ?? 0))
        {
            agent.Sandbox = running;
        }
    }

    /// <summary>The sandboxes that run here, as they were registered, or read since.</summary>
    public IReadOnlyList<SandboxInstance> Registered => [.. _agents.Values.Select(agent => agent.Sandbox)];

    public ConnectedAgent? Find(SandboxId id) => _agents.GetValueOrDefault(id);

    private async Task<Result<AgentCall>> OpenSlowlyAsync(SandboxId id, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_agents.ContainsKey(id) ? Patience : AdoptionPatience, time);
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

            if (_agents.TryGetValue(id, out var agent) && agent.Sandbox.Incarnation == record.Incarnation)
            {
                await Task.WhenAny(agent.Link.Connected, change.Changed).WaitAsync(cancellationToken);
                if (agent.Link.IsConnected)
                {
                    return agent.Begin(Touch);
                }
            }
            else
            {
                await change.Changed.WaitAsync(cancellationToken);
            }
        }
    }

    private void Touch(ConnectedAgent agent)
    {
        agent.Touch(time.GetUtcNow());
        if (agent.TryBeginRefresh())
        {
            _ = RefreshAsync(agent);
        }
    }

    private async Task RefreshAsync(ConnectedAgent agent)
    {
        try
        {
            var sandbox = agent.Sandbox;
            if (sandbox.Spec.HasFixedTimeout || !ReferenceEquals(Find(sandbox.Id), agent))
            {
                // No activity moves its deadline; or it was stopped meanwhile: its live entry is gone and stays so.
                return;
            }

            var expiresAt = agent.LastActivity + sandbox.Spec.IdleTimeout;
            await live.PutTimeoutAsync(
                sandbox.Id, sandbox.Version, new LiveTimeout(sandbox.Spec.IdleTimeout, expiresAt), CancellationToken.None);
            if (expiresAt - agent.Recorded >= ActivityPolicy.StepOf(sandbox.Spec.IdleTimeout))
            {
                await Task.Run(() => UpdateFactsAsync(agent));
            }
        }
        catch (Exception exception)
        {
            // A call never fails for this; the scan asks for the last activity before it stops anything.
            Log.RefreshFailed(logger, agent.Sandbox.Id, exception);
        }
        finally
        {
            agent.EndRefresh();
        }
    }

    private async Task UpdateFactsAsync(ConnectedAgent agent)
    {
        var record = await store.FindAsync(agent.Sandbox.Id, CancellationToken.None);
        if (record is null || record.Incarnation != agent.Sandbox.Incarnation)
        {
            return;
        }

        var later = ActivityPolicy.Touch(record, agent.LastActivity);
        if (later is null || await store.TryUpdateFactsAsync(later, CancellationToken.None))
        {
            agent.Recorded = (later ?? record).IdleDeadline ?? DateTimeOffset.MaxValue;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4001, LogLevel.Warning, "Could not write down the activity of sandbox {SandboxId}")]
        public static partial void RefreshFailed(ILogger logger, SandboxId sandboxId, Exception exception);
    }
}
