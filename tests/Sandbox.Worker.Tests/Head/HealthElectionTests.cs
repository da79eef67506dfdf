using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leadership;
using Sandbox.Node.Membership;
using Sandbox.Worker.Tests.Cluster;

namespace Sandbox.Worker.Tests.Head;

/// <summary>Where a node's lease as the head comes from, round by round: the health service, or the store while that is
/// silent.</summary>
public sealed class HealthElectionTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeLeases _leases;

    public HealthElectionTests() => _leases = new FakeLeases(_time);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_TheServiceGrantsIt_IsThatLease()
    {
        await using var health = await ElectsAsync(200, HeadAnswer.Head, version: 7);
        await using var node = Node(health.Url);

        var lease = await Election(node).TryTakeAsync(CancellationToken);

        Assert.Equal((Lease.Head, 7L), (lease?.Name, lease?.Epoch));
    }

    [Fact]
    public async Task Take_TheServiceKeepsItsLeaseInMemory_TheProcessEndsBecauseNothingCouldBeFenced()
    {
        await using var health = await ElectsAsync(200, HeadAnswer.Head, version: 1, store: HeadAnswer.InMemory);
        await using var node = Node(health.Url);

        Assert.Null(await Election(node).TryTakeAsync(CancellationToken));

        Assert.Contains("keeps its lease in memory", node.Services.GetRequiredService<FatalExit>().Why(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Take_TheServiceIsSilentAndTheStoresLeaseIsFree_TakesItOnceAndIsFencedByIt()
    {
        await using var node = Node(new Uri("http://127.0.0.1:1"));

        var lease = await Election(node).TryTakeAsync(CancellationToken);
        var again = await Election(node).TryTakeAsync(CancellationToken);

        Assert.Equal((1L, 1L), (lease?.Epoch, again?.Epoch));
    }

    [Fact]
    public async Task Take_TheServiceIsSilentAndAnotherHoldsTheStoresLease_IsNoHead()
    {
        await _leases.TryAcquireAsync(Lease.Head, "n2/b", Length, CancellationToken);
        await using var node = Node(new Uri("http://127.0.0.1:1"));

        Assert.Null(await Election(node).TryTakeAsync(CancellationToken));

        Assert.Equal("n2/b", (await _leases.FindAsync(Lease.Head, CancellationToken))?.Holder);
    }

    [Fact]
    public async Task Keep_TheServiceSaysAnotherVersion_IsLost()
    {
        await using var health = await ElectsAsync(409, HeadAnswer.Worker, version: 8);
        await using var node = Node(health.Url);
        var mine = await _leases.TryAcquireAsync(Lease.Head, "n1/a", Length, CancellationToken);

        Assert.False(await Election(node).TryKeepAsync(mine!, CancellationToken), "a 409 was to end it, whatever the store says");
    }

    [Fact]
    public async Task Keep_TheServiceIsSilent_TheStoreDecides()
    {
        await using var node = Node(new Uri("http://127.0.0.1:1"));
        var mine = (await _leases.TryAcquireAsync(Lease.Head, "n1/a", Length, CancellationToken))!;

        Assert.True(await Election(node).TryKeepAsync(mine, CancellationToken), "no other node has taken it");
        _time.Advance(Length);
        await _leases.TryAcquireAsync(Lease.Head, "n2/b", Length, CancellationToken);

        Assert.False(await Election(node).TryKeepAsync(mine, CancellationToken), "another has taken it");
    }

    private static ILeaderElection Election(WebApplication node) => node.Services.GetRequiredService<ILeaderElection>();

    private static Task<FakeHealth> ElectsAsync(int status, string mode, long version, string store = HeadAnswer.InPostgres) =>
        FakeHealth.StartAsync(
        (_, _) => Task.CompletedTask,
        http =>
        {
            http.Response.StatusCode = status;
            var answer = new HeadAnswer { Mode = mode, LeaseVersion = version, LeaseMs = 2000, Store = store, Reason = "as the test says" };
            return http.Response.WriteAsync(JsonSerializer.Serialize(answer, HeadJson.Default.HeadAnswer));
        });

    private WebApplication Node(Uri health) =>
        DecidingNode.Build(services => services.AddSingleton<ILeaseStore>(_leases), ("HEALTH_URL", health.AbsoluteUri));
}
