using Microsoft.Extensions.Options;
using Sandbox.Domain.Specs;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Kubernetes.Watching;

/// <summary>Puts into the view what the cluster told, and tells the node what has changed by it: what has ended, and where the agents of
/// pooled pods listen.</summary>
internal sealed class ViewUpdates(
    ClusterView view, PooledAgents pooled, IContainerWatch listener, IOptions<KubernetesOptions> options)
{
    /// <summary>What a list said: whatever of the kind is not in it is gone.</summary>
    public async Task ReplaceAsync(ObjectKind kind, IEnumerable<SandboxFacts?> listed, CancellationToken cancellationToken)
    {
        var (before, wasSilent) = (view.All(), view.Silence is not null);
        view.Replace(kind, [.. listed.OfType<SandboxFacts>().GroupBy(facts => facts.Incarnation).Select(Best)]);
        foreach (var facts in before)
        {
            await TellAsync(facts, view.Find(facts.Incarnation) ?? new SandboxFacts(facts.Incarnation, facts.Sandbox), cancellationToken);
        }

        foreach (var facts in view.All())
        {
            TellAddress(facts);
        }

        if (wasSilent && view.Silence is null)
        {
            await listener.EngineBackAsync(cancellationToken);
        }
    }

    /// <summary>What a watch said of one object.</summary>
    public Task ApplyAsync(ObjectKind kind, SandboxFacts seen, bool gone, CancellationToken cancellationToken) =>
        TellAsync(view.Find(seen.Incarnation), view.Apply(kind, seen, gone), cancellationToken);

    /// <summary>A controller may have made a second pod after the first ended: the one that lives counts.</summary>
    private static SandboxFacts Best(IGrouping<Contracts.Ids.IncarnationId, SandboxFacts> same) =>
        same.OrderBy(facts => facts.Pod?.Facts.Stage is PodStage.Ended).First();

    /// <summary>Wakes the reconciler when something that ran does not any more.</summary>
    private async Task TellAsync(SandboxFacts? before, SandboxFacts now, CancellationToken cancellationToken)
    {
        TellAddress(now);
        if (before is null || SandboxFacts.EndOf(before, options.Value) is not null)
        {
            return;
        }

        if (SandboxFacts.EndOf(now, options.Value) is { } reason)
        {
            await listener.ContainerEndedAsync(now.Incarnation, now.Sandbox, reason, cancellationToken);
        }
    }

    private void TellAddress(SandboxFacts facts)
    {
        if (facts.Batch is { Endpoints: [var address, ..], Pool: { } name }
            && options.Value.Pools.FirstOrDefault(pool => pool.Name == name) is { } pool)
        {
            var remote = new RemoteAgent($"http://{address}", pool.AgentPort, options.Value.RequestTimeout);
            pooled.Tell(facts.Incarnation, new PooledAgent(remote, File.ReadAllText(pool.TokenFile).Trim()));
        }
    }
}
