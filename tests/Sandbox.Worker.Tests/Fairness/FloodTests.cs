using Sandbox.Contracts.Ids;
using Sandbox.Testing.Postgres;

namespace Sandbox.Worker.Tests.Fairness;

/// <summary>
/// A tenant that floods the cluster does not delay another's create by more than twice: told in rounds, in each of which
/// every place of every worker ends one start and takes the next. Taken in the order of their creation, the quiet tenants'
/// would wait for all of the flood, which is <see cref="Flood"/> divided by the places.
/// </summary>
public sealed class FloodTests
{
    private const int Workers = 2;
    private const int PlacesOfEach = 2;
    private const int Flood = 60;

    [NeedsPostgresTheory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Create_WhileAnotherTenantFloods_TakesTwiceAsLongAtMost(int quietTenants)
    {
        await using var cluster = await StartingCluster.StartAsync(Workers, PlacesOfEach);
        var alone = await RoundsAsync(cluster, quietTenants);
        await cluster.CreateAsync("flood", Flood);

        // Again and again: what a tenant was served before must not count against those that ask seldom.
        for (var time = 1; time <= 3; time++)
        {
            var flooded = await RoundsAsync(cluster, quietTenants);

            Assert.True(
                flooded <= 2 * alone,
                $"time {time}: with a flood the creates took {flooded} rounds and without {alone}; more than twice as long, they wait "
                    + $"for the flood");
        }
    }

    [NeedsPostgresFact]
    public async Task Flood_AmongTheCreatesOfOthers_IsWorkedOffAllTheSame()
    {
        await using var cluster = await StartingCluster.StartAsync(Workers, PlacesOfEach);
        var flood = await cluster.CreateAsync("flood", Flood / 3);
        await RoundsAsync(cluster, quietTenants: 2);

        var rounds = await cluster.RoundsAsync(flood);

        Assert.True(
            rounds <= Flood / 3 / cluster.Places,
            $"nobody else asked any more, so each of {rounds} rounds was to end {cluster.Places} of the flood's starts");
    }

    /// <summary>Each of them creates one sandbox.</summary>
    private static async Task<int> RoundsAsync(StartingCluster cluster, int quietTenants)
    {
        List<SandboxId> ids = [];
        for (var tenant = 1; tenant <= quietTenants; tenant++)
        {
            ids.AddRange(await cluster.CreateAsync($"quiet-{tenant}", 1));
        }

        return await cluster.RoundsAsync(ids);
    }
}
