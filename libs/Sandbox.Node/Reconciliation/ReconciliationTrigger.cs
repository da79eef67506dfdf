using System.Threading.Channels;
using Sandbox.Contracts.Ids;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Reconciliation;

/// <summary>Reasons to look before the next regular time: a container that should run has ended, the engine is back, an agent
/// fell silent. All are hints; the loop that is woken looks.</summary>
internal sealed class ReconciliationTrigger(AgentGateway gateway) : IContainerWatch
{
    private readonly Channel<bool> _reasons = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Wake() => _reasons.Writer.TryWrite(true);

    /// <summary>Waits for a reason, at most so long.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(_reasons.Reader.WaitToReadAsync(either.Token).AsTask(), Task.Delay(longest, time, either.Token));
        await either.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        _reasons.Reader.TryRead(out _);
    }

    public Task ContainerEndedAsync(IncarnationId incarnation, SandboxId sandbox, string reason, CancellationToken cancellationToken) =>
        WakeIfWanted(incarnation, sandbox);

    public Task ContainerRemovedAsync(IncarnationId incarnation, SandboxId sandbox, CancellationToken cancellationToken) =>
        WakeIfWanted(incarnation, sandbox);

    public Task EngineLostAsync(string reason, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task EngineBackAsync(CancellationToken cancellationToken)
    {
        Wake();
        return Task.CompletedTask;
    }

    /// <summary>Not for what our own jobs end.</summary>
    private Task WakeIfWanted(IncarnationId incarnation, SandboxId sandbox)
    {
        if (gateway.Find(sandbox)?.Sandbox.Incarnation == incarnation)
        {
            Wake();
        }

        return Task.CompletedTask;
    }
}
