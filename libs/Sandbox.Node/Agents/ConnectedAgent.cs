using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;

namespace Sandbox.Node.Agents;

/// <summary>A running sandbox as the gateway knows it: its link, the calls in flight and when the last one was.</summary>
internal sealed class ConnectedAgent(SandboxInstance sandbox, AgentLink link, DateTimeOffset now)
{
    private readonly int _losses = link.Losses;
    private int _calls;
    // Adopting a sandbox is no activity: its deadline stays as it was.
    private long _lastActivity = ((sandbox.IdleDeadline - sandbox.Spec.IdleTimeout) ?? now).UtcTicks;
    private long _recorded = (sandbox.IdleDeadline ?? DateTimeOffset.MaxValue).UtcTicks;
    private int _refreshing;

    /// <summary>As its record was when it was read last.</summary>
    public SandboxInstance Sandbox { get; set; } = sandbox;

    public AgentLink Link { get; } = link;

    /// <summary>Whether what the agent was told at init is still valid: it was not lost since.</summary>
    public bool IsCurrent => Link.IsConnected && Link.Losses == _losses;

    public bool IsCalled => Volatile.Read(ref _calls) > 0;

    public DateTimeOffset LastActivity => new(Volatile.Read(ref _lastActivity), TimeSpan.Zero);

    /// <summary>The idle deadline that stands in the record.</summary>
    public DateTimeOffset Recorded
    {
        get => new(Volatile.Read(ref _recorded), TimeSpan.Zero);
        set => Volatile.Write(ref _recorded, value.UtcTicks);
    }

    public AgentCall Begin(Action<ConnectedAgent> activity)
    {
        Interlocked.Increment(ref _calls);
        activity(this);
        return new AgentCall(Link.Invoker, AgentLink.BaseAddress, () =>
        {
            activity(this);
            Interlocked.Decrement(ref _calls);
        });
    }

    public void Touch(DateTimeOffset now) => Volatile.Write(ref _lastActivity, now.UtcTicks);

    /// <summary>One refresh at a time: a burst of calls writes once and again after it.</summary>
    public bool TryBeginRefresh() => Interlocked.Exchange(ref _refreshing, 1) == 0;

    public void EndRefresh() => Volatile.Write(ref _refreshing, 0);
}
