using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leadership;
using Sandbox.Node.Leases;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos.Tests.Mutants;

/// <summary>An earlier head had read that a node is silent for too long, was paused, and goes on after the node has returned and
/// another node is the head.</summary>
public sealed class FencingTests
{
    [NeedsDockerFact]
    public async Task Fencing_Kept_TheEarlierHeadWritesNothing()
    {
        await using var cluster = await WakeEarlierHeadAsync(isMutant: false);
        await cluster.MustComeToOrderAsync();
        await cluster.UntilAsync("running");
    }

    [NeedsDockerFact]
    public async Task Fencing_Off_IsCaught()
    {
        await using var cluster = await WakeEarlierHeadAsync(isMutant: true);

        Assert.Contains("LossesAreTrue", (await cluster.JudgeAsync()).Broken);
    }

    private static async Task<SmallCluster> WakeEarlierHeadAsync(bool isMutant)
    {
        var cluster = await SmallCluster.StartAsync();
        await cluster.RunBoxAsync();
        await cluster.One.ExecuteAsync(SmallCluster.Box);

        var services = cluster.Api.Services;
        LeaseView? head = null;
        await Wait.UntilAsync(
            async () => (head = await services.GetRequiredService<ILeaseStore>().FindAsync(Lease.Head, CancellationToken.None)) is not null,
            () => "one of the workers becomes the head");
        var records = isMutant ? Decorated.Over(cluster.Records, (method, arguments, pass) =>
        {
            if (method == nameof(ISandboxStore.TryTransitionAsync))
            {
                arguments[0] = (SandboxTransition)arguments[0]! with { Fence = null };
            }

            return pass();
        }) : cluster.Records;
        var asRead = Decorated.Over(services.GetRequiredService<INodeStore>(), (method, _, pass) =>
            method == nameof(INodeStore.ListAsync) ? LongAgoAsync((Task<IReadOnlyList<NodeView>>)pass()!) : pass());
        var earlier = new FencedSandboxStore(records, new EarlierHead(new Fence(Lease.Head, head!.Epoch - 1)));

        await new DeadNodes(
            asRead, new DutyRecords(earlier), services.GetRequiredService<SandboxTransitions>(), TimeProvider.System,
            NullLogger<DeadNodes>.Instance)
            .RunAsync(CancellationToken.None);
        return cluster;
    }

    private static async Task<IReadOnlyList<NodeView>> LongAgoAsync(Task<IReadOnlyList<NodeView>> now) =>
        [.. (await now).Select(node => node with { Silence = NodeView.DeadAfter + NodeView.LostGrace + TimeSpan.FromSeconds(1) })];

    /// <summary>A node that does not know yet that it is the head no more.</summary>
    private sealed class EarlierHead(Fence fence) : ILeaderLease
    {
        public LeaseToken? Current { get; } = new(fence, CancellationToken.None);

        public Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken) => Task.FromResult(Current!);
    }
}
