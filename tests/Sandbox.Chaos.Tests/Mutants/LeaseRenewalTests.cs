using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Domain.Stores;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos.Tests.Mutants;

/// <summary>Time passes, by the store's own clock, while a sandbox is used: more than a silent node has before its sandboxes are
/// lost.</summary>
public sealed class LeaseRenewalTests
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    [NeedsDockerFact]
    public async Task LeaseRenewal_Kept_TheSandboxStays()
    {
        await using var cluster = await SmallCluster.StartAsync();
        await LetTimePassAsync(cluster, "w1", "w2");

        await cluster.MustComeToOrderAsync();
        await cluster.UntilAsync("running");
    }

    [NeedsDockerFact]
    public async Task LeaseRenewal_Off_IsCaught()
    {
        // The node believes that it renews its lease, and no other process does.
        await using var cluster = await SmallCluster.StartAsync(
            stores: services => services.Decorate<INodeStore>((_, _) => (method, arguments, pass) =>
            method == nameof(INodeStore.TryHeartbeatAsync) ? BeatOnceAsync((Lease)arguments[0]!, () => (Task<bool>)pass()!) : pass()));
        await LetTimePassAsync(cluster, "w2");

        await cluster.UntilAsync("stopped");
        Assert.Contains("LossesAreTrue", (await cluster.JudgeAsync()).Broken);
    }

    private static readonly HashSet<string> Silent = [];

    /// <summary>It is heard until it is silenced.</summary>
    private static Task<bool> BeatOnceAsync(Lease lease, Func<Task<bool>> beat) =>
        Silent.Contains(lease.Holder) ? Task.FromResult(true) : beat();

    private static async Task LetTimePassAsync(SmallCluster cluster, params string[] heard)
    {
        await cluster.RunBoxAsync();
        await cluster.One.ExecuteAsync(SmallCluster.Box);
        var leases = cluster.Api.Services.GetRequiredService<ILeaseStore>();
        if (!heard.Contains("w1"))
        {
            Silent.Add((await leases.FindAsync(Lease.OfNode("w1"), CancellationToken.None))!.Holder);
        }

        var nodes = cluster.Api.Services.GetRequiredService<INodeStore>();
        for (var passed = Step; passed <= NodeView.DeadAfter + NodeView.LostGrace + Step; passed += Step)
        {
            await cluster.ExecuteSqlAsync(
                $"CREATE OR REPLACE FUNCTION store_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp() + "
                    + $"interval ''{passed.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s'''");
            IReadOnlyList<NodeView> seen = [];
            await Wait.UntilAsync(
                async () =>
                    (seen = await nodes.ListAsync(CancellationToken.None)).Where(node => heard.Contains(node.Facts.Name))
                    .All(node => node.Silence < Step),
                () => $"{string.Join(" and ", heard)} are heard again: {string.Join(", ", seen)}");
        }
    }
}
