using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>A sandbox's whole life through different APIs, which share nothing but the stores.</summary>
public sealed class JourneyTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private RockCaller One => fixture.Cluster.Callers[0];

    private RockCaller Other => fixture.Cluster.Callers[1];

    [NeedsDockerFact]
    public async Task Sandbox_DrivenThroughDifferentApis_LivesItsWholeLife()
    {
        var id = $"journey-{Guid.NewGuid():N}";
        await One.StartAsync(id);
        await Other.UntilAliveAsync(id);

        await One.MustPostAsync("create_session", new { sandbox_id = id, session = "s" });
        var answer = await Other.MustPostAsync("run_in_session", new { sandbox_id = id, session = "s", command = "echo kept > /tmp/file; echo $((6 * 7))", timeout = 30 });
        Assert.Equal("42", answer.GetProperty("output").GetString()!.Trim());

        await Other.MustPostAsync("stop", new { sandbox_id = id });
        Assert.False(await One.IsAliveAsync(id), "a stopped sandbox was not to be alive through the other API");
        await One.MustPostAsync("restart", new { sandbox_id = id });
        await Other.UntilAliveAsync(id);
        Assert.Equal("kept\n", await One.ExecuteAsync(id, "cat /tmp/file"));

        await One.MustPostAsync("stop", new { sandbox_id = id });
        await Other.MustPostAsync("delete", new { sandbox_id = id });
        var gone = await One.GetAsync($"get_status?sandbox_id={id}");
        Assert.Equal("Failed", gone.GetProperty("status").GetString());
    }

    [NeedsDockerFact]
    public async Task Sandboxes_StartedAtOnce_AllRunAndCanBeUsedThroughEachApi()
    {
        var ids = Enumerable.Range(0, 6).Select(number => $"many-{number}-{Guid.NewGuid():N}").ToList();

        await Task.WhenAll(ids.Select((id, number) => fixture.Cluster.Callers[number % 2].RunAsync(id)));

        foreach (var id in ids)
        {
            Assert.Equal($"{id}\n", await One.ExecuteAsync(id, $"echo {id}"));
            Assert.Equal($"{id}\n", await Other.ExecuteAsync(id, $"echo {id}"));
        }

        await Task.WhenAll(ids.Select(id => Other.MustPostAsync("stop", new { sandbox_id = id })));
    }
}
