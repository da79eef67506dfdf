using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What waits for a node that does not come for it can be claimed by another node, and nothing but that.</summary>
public abstract class StrandedJobContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Stranded_IsTheOldestJobOfEachSandboxOnANodeThatIsSilentOrUnknown()
    {
        await RegisteredAsync("silent");
        var (silent, unknown) = (await StoppingOnAsync("silent"), await StoppingOnAsync("forgotten"));
        var deleted = silent.Apply(SandboxEvent.Delete);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(silent, deleted, RemovalOf(deleted)), CancellationToken));
        Time.Advance(Silence - TimeSpan.FromMilliseconds(1));
        await RegisteredAsync("alive");
        await StoppingOnAsync("alive");
        await CreatedAsync(Given.Pending());
        Assert.Equal([(unknown.Id, "forgotten")], Told(await ClaimStrandedAsync()));

        Time.Advance(TimeSpan.FromMilliseconds(1));
        var one = Assert.Single(await ClaimStrandedAsync());

        Assert.Equal((silent.Id, "silent", 1), (one.Claimed.Job.SandboxId, one.Node, one.Claimed.Attempt));
        Assert.IsType<StopSandboxJob>(one.Claimed.Job);
        Assert.True((await ClaimStrandedAsync()).Count == 0, "the delete waits behind the stop that is held now");
        Assert.True(await Jobs.TryCompleteAsync(one.Claimed, CancellationToken));
        Assert.IsType<RemoveSandboxJob>(Assert.Single(await ClaimStrandedAsync()).Claimed.Job);
    }

    [Fact]
    public async Task Stranded_AfterItsNodeHadBegunIt_IsRefusedToTheNode()
    {
        var lease = await RegisteredAsync("n7");
        await StoppingOnAsync("n7");
        var claim = new JobClaim("n7", 10, Length) { Fence = lease.Fence };
        var begun = Assert.Single(await Jobs.ClaimAsync(claim, CancellationToken));
        Time.Advance(Silence);

        var stranded = Assert.Single(await ClaimStrandedAsync()).Claimed;

        Assert.Equal(2, stranded.Attempt);
        Assert.False(await Jobs.TryCompleteAsync(begun, CancellationToken), "the node does not hold it any more");
        var again = await RegisteredAsync("n7");
        Assert.True(
            (await Jobs.ClaimAsync(claim with { Fence = again.Fence }, CancellationToken)).Count == 0,
            "the node returned while another holds it");
        Time.Advance(Length);
        again = await RegisteredAsync("n7");
        Assert.Equal(3, Assert.Single(await Jobs.ClaimAsync(claim with { Fence = again.Fence }, CancellationToken)).Attempt);
    }

    private static (Contracts.Ids.SandboxId, string)[] Told(IReadOnlyList<StrandedJob> stranded) =>
        [.. stranded.Select(one => (one.Claimed.Job.SandboxId, one.Node))];

    private static RemoveSandboxJob RemovalOf(SandboxInstance record) =>
        new() { SandboxId = record.Id, SandboxVersion = record.Version, Incarnation = record.Incarnation };

    private Task<IReadOnlyList<StrandedJob>> ClaimStrandedAsync() =>
        Jobs.ClaimStrandedAsync("head", Silence, Length, 10, CancellationToken);

    private async Task<Lease> RegisteredAsync(string node)
    {
        var facts = new NodeFacts(
            node, new Uri("http://127.0.0.1:1"), "127.0.0.1", NodeCapacity.Unlimited, new Dictionary<string, string>(),
            [DeploymentKind.Docker], "1");
        var registered = await Nodes.TryRegisterAsync(facts, node, Length, CancellationToken);
        Assert.True(registered.TryGet(out var lease, out var error), error?.Text);
        return lease;
    }

    private async Task<SandboxInstance> StoppingOnAsync(string node)
    {
        var pending = await CreatedAsync(Given.Pending());
        var starter = new JobClaim("starter", 1, Length) { Fence = (await RegisteredAsync("starter")).Fence };
        Assert.True(await Jobs.TryCompleteAsync(Assert.Single(await Jobs.ClaimAsync(starter, CancellationToken)), CancellationToken));
        var running = pending.Apply(SandboxEvent.Alive) with { HostName = node };
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(pending, running, null), CancellationToken));
        var stopped = running.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(running, stopped, Given.StopOf(stopped)), CancellationToken));
        return stopped;
    }
}
