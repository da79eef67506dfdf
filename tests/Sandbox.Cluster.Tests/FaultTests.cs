using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>What becomes of a sandbox and of its callers when the process beside them is killed, sleeps, or returns.</summary>
/// <remarks>One cluster bears all of it, each time with another sandbox; at the end of each every worker runs. That a caller hears of a
/// dead node within 5 s is tested by a clock of the test's own, beside the code that waits: a busy machine takes longer.</remarks>
public sealed partial class FaultTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>, IAsyncLifetime
{
    private readonly string _box = $"box-{Guid.NewGuid():N}";

    private ProcessCluster Cluster => fixture.Cluster;

    private RockCaller Caller => Cluster.Callers[0];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in DockerEngine.WhyMissing is null ? Cluster.Workers : [])
        {
            if (worker.IsRunning)
            {
                worker.Continue();
            }
            else
            {
                await ProcessCluster.StartWorkerAsync(worker);
            }
        }
    }

    [NeedsDockerFact]
    public async Task Worker_KilledAndStartedAgain_ItsSandboxRunsOnAndIsTakenUp()
    {
        await Caller.RunAsync(_box);
        await UntilExecutesAsync(_box, "echo kept > /tmp/file", "");
        var worker = await OwnerAsync(_box);

        await worker.KillAsync();
        var answer = await Caller.PostAsync("execute", new { sandbox_id = _box, shell = true, command = "true" });
        Assert.Equal("Failed", answer.GetProperty("status").GetString());

        await ProcessCluster.StartWorkerAsync(worker);
        await UntilExecutesAsync(_box, "cat /tmp/file", "kept\n");
        Assert.Single(await ContainersAsync(all: true));
    }

    [NeedsDockerFact]
    public async Task Worker_SleepsAndWakesWithinTheGrace_CallsFailClearlyAndTheSandboxStays()
    {
        await Caller.RunAsync(_box);
        var worker = await OwnerAsync(_box);
        var running = Caller.PostAsync("execute", new { sandbox_id = _box, shell = true, command = "sleep 600" });

        worker.Pause();
        var answer = await Caller.PostAsync("execute", new { sandbox_id = _box, shell = true, command = "true" });
        var longAnswer = await running;
        worker.Continue();

        Assert.Equal("Failed", answer.GetProperty("status").GetString());
        Assert.Equal("Failed", longAnswer.GetProperty("status").GetString());
        await UntilExecutesAsync(_box, "echo back", "back\n");
    }

    [NeedsDockerFact]
    public async Task Worker_GoneForLongerThanTheGrace_ItsSandboxIsLostWithThatReason_AndItsContainerEndsWhenItReturns()
    {
        await Caller.RunAsync(_box);
        var worker = await OwnerAsync(_box);

        worker.Pause();
        var status = default(JsonElement);
        await Wait.UntilAsync(
            async () =>
            {
                status = await Cluster.Callers[1].StatusAsync(_box);
                return status.GetProperty("state").GetString() == "stopped";
            },
            () => $"the sandbox of a dead node is lost: {status}");
        worker.Continue();

        Assert.Contains($"its node {worker.Name} is gone", status.ToString(), StringComparison.Ordinal);
        await Wait.UntilAsync(
            async () => (await ContainersAsync()).Count == 0,
            () => "the container of a lost sandbox is ended by its node, which has returned");
        await worker.SaysAsync("has lost its lease");
    }

    [NeedsDockerFact]
    public async Task Worker_ToldToEnd_LeavesItsSandboxesRunningForItsNextLife()
    {
        await Caller.RunAsync(_box);
        var worker = await OwnerAsync(_box);

        Assert.Equal(0, await worker.EndAsync());
        await ProcessCluster.StartWorkerAsync(worker);

        await UntilExecutesAsync(_box, "echo still here", "still here\n");
    }

    [NeedsDockerFact]
    public async Task Worker_NameOfAnotherThatLives_EndsWithAClearError()
    {
        await using var second = Cluster.MakeWorker("w1-again", "w1");

        second.Start();

        Assert.Equal(1, await second.ExitAsync());
        Assert.Contains("give each node a name of its own (Worker:NodeName)", second.Log, StringComparison.Ordinal);
        await Caller.RunAsync(_box);
    }

    [NeedsDockerFact]
    public async Task Worker_WithAnotherSecret_EndsWithAClearError()
    {
        await using var stranger = Cluster.MakeWorker(
            "stranger", "stranger", ("Cluster__Secret", "another secret that nobody else knows of"));

        stranger.Start();

        Assert.Equal(1, await stranger.ExitAsync());
        Assert.Matches(
            "Sandbox.Worker does not run. Cluster:Secret: node w[1-3], which is part of this cluster, does not accept it", stranger.Log);
        Assert.DoesNotContain("nobody else knows", stranger.Log, StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Api_WithAnotherSecret_IsToldSoByTheWorkers()
    {
        await Caller.RunAsync(_box);
        await using var stranger = Cluster.Make(
            "stranger", "Sandbox.Api", ("Cluster__Secret", "another secret that nobody else knows of"),
            ("ASPNETCORE_URLS", "http://127.0.0.1:0"));
        var listening = await ProcessCluster.StartApiAsync(stranger);
        using var caller = new RockCaller(new Uri(listening.Split("Now listening on: ")[1].Trim()));

        var answer = await caller.PostAsync("execute", new { sandbox_id = _box, shell = true, command = "true" });

        Assert.Equal("Failed", answer.GetProperty("status").GetString());
        Assert.Contains("Cluster:Secret", answer.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("nobody else knows", (await OwnerAsync(_box)).Log + stranger.Log, StringComparison.Ordinal);
    }

    /// <summary>A sweep can tell by it what an earlier life of the node made.</summary>
    [NeedsDockerFact]
    public async Task Container_SaysUnderWhichEpochOfItsNodeItWasMade()
    {
        await Caller.RunAsync(_box);
        var worker = await OwnerAsync(_box);

        var container = await DockerEngine.InspectAsync(Assert.Single(await ContainersAsync()), TestContext.Current.CancellationToken);

        var epoch = Epoch().Matches(worker.Log).Last().Groups[1].Value;
        Assert.Equal(epoch, (string?)container!["Config"]!["Labels"]!["sandbox.aspire/epoch"]);
    }

    [NeedsDockerFact]
    public async Task Spec_ThatFitsNoNode_IsRefusedAtOnce()
    {
        var answer = await Caller.StartAsync("giant", ("num_gpus", 1000));

        Assert.Equal("Failed", answer.GetProperty("status").GetString());
        Assert.True(
            answer.ToString().Contains("it fits no node", StringComparison.Ordinal),
            $"the answer was to say that it fits no node: {answer}");
    }

    /// <summary>Ids of the box's.</summary>
    /// <param name="all">Those that do not run, too.</param>
    private async Task<IReadOnlyList<string>> ContainersAsync(bool all = false)
    {
        var filters = Uri.EscapeDataString(
            $$"""{"label":["{{DockerCluster.Label}}={{Cluster.ClusterId}}","sandbox.aspire/sandbox={{_box}}"]}""");
        var listed = await DockerEngine.GetAsync($"containers/json?all={(all ? 1 : 0)}&filters={filters}", CancellationToken.None);
        return [.. listed!.AsArray().Select(container => (string)container!["Id"]!)];
    }

    private async Task<ClusterProcess> OwnerAsync(string id)
    {
        var host = (await Caller.StatusAsync(id)).GetProperty("host_name").GetString();
        return Cluster.Workers.Single(worker => worker.Name == host);
    }

    private Task UntilExecutesAsync(string id, string script, string output)
    {
        var last = default(JsonElement);
        return Wait.UntilAsync(
            async () =>
            {
                last = await Caller.PostAsync("execute", new { sandbox_id = id, shell = true, command = script });
                return last.GetProperty("status").GetString() == "Success"
                    && last.GetProperty("result").GetProperty("stdout").GetString() == output;
            },
            () => $"{id} answers again; the last answer: {last}");
    }

    [GeneratedRegex(@"is part of the cluster, epoch (\d+)")]
    private static partial Regex Epoch();
}
