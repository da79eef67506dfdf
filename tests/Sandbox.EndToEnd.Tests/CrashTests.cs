using System.Globalization;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.EndToEnd.Tests;

/// <summary>kill -9 of the server, and what the next one finds.</summary>
public sealed class CrashTests : IAsyncLifetime
{
    private readonly RockServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [NeedsDockerFact]
    public async Task Server_KilledAndStartedAgain_AdoptsWhatRunsAndLosesNoOutput()
    {
        string[] ids = ["one", "two", "three"];
        await Task.WhenAll(ids.Select(id => _server.StartSandboxAsync(id)));
        await _server.MustPostAsync("create_session", new { sandbox_id = "one" });
        await _server.MustPostAsync("run_in_session", new
        {
            sandbox_id = "one",
            command = "(i=0; while :; do i=$((i+1)); echo $i >> /tmp/count; sleep 0.05; done) & echo $! > /tmp/pid",
        });
        var pid = await _server.ExecuteAsync("one", "cat /tmp/pid");
        var containers = (await _server.ContainersAsync()).Order().ToList();

        _server.Kill();
        await _server.StartAsync();

        await RockServer.EventuallyAsync("all three are running again", async () =>
        {
            var listed = (await _server.GetAsync("sandboxes")).GetProperty("result").GetProperty("items").EnumerateArray();
            return listed.Count(item => item.GetProperty("state").GetString() == "running") == 3;
        });
        Assert.Equal(containers, (await _server.ContainersAsync()).Order());
        await RockServer.EventuallyAsync("the adopted sandbox answers", async () =>
            (await _server.GetAsync("is_alive?sandbox_id=one")).GetProperty("result").GetProperty("is_alive").GetBoolean());
        Assert.Equal(pid, await _server.ExecuteAsync("one", "cat /tmp/pid"));
        await _server.ExecuteAsync("one", $"kill -0 {pid.Trim()}");
        var counted = await CountAsync();
        await RockServer.EventuallyAsync("the same process counts on", async () => await CountAsync() > counted);
        var lines = (await _server.ExecuteAsync("one", "cat /tmp/count")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, lines.Length).Select(line => line.ToString(CultureInfo.InvariantCulture)), lines);
    }

    [NeedsDockerFact]
    public async Task Server_KilledRightAfterItAcceptedAStart_FinishesItLater()
    {
        await _server.MustPostAsync("start_async", RockServer.Start("accepted"));

        _server.Kill();
        await _server.StartAsync();

        var status = default(JsonElement);
        await Wait.UntilAsync(
            async () => (status = await _server.StatusAsync("accepted")).GetProperty("is_alive").GetBoolean(),
            () => $"the accepted start is finished; its status: {status}");
        Assert.Single(await _server.ContainersOfAsync("accepted"));
    }

    [NeedsDockerFact]
    public async Task Container_OfNoRecord_IsRemoved()
    {
        var orphan = (await Shell.RunAsync("docker",
        [
            "run", "-d", "--label", $"sandbox.aspire/cluster={_server.ClusterId}", "--label", "sandbox.aspire/sandbox=nobody",
            "--label", $"sandbox.aspire/incarnation={Guid.NewGuid():N}", RockServer.Image, "sleep", "600",
        ])).Trim();

        await RockServer.EventuallyAsync(
            $"the orphan {orphan} is gone", async () => (await _server.ContainersOfAsync("nobody")).Count == 0);
    }

    private async Task<int> CountAsync() =>
        int.Parse(await _server.ExecuteAsync("one", "wc -l < /tmp/count"), CultureInfo.InvariantCulture);
}
