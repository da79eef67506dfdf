using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Testing;

namespace AppHost.Tests;

/// <summary>The whole life of a stack on somebody's machine, one without Redis: started, used, killed, started again, ended.</summary>
public sealed class StartedStackTests
{
    private static readonly string[] Greeting = ["echo", "hi"];
    private static readonly string[] Scraped = ["api", "node-1", "node-4", "health"];

    [NeedsDockerFact]
    public async Task Stack_WithoutRedis_IsUsedAndKilled_KeepsItsData_AndLeavesNoProcess()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await DockerTestImage.EnsureAsync();
        await using var containers = new DockerCluster();
        using var folder = new TempFolder();
        await using var stack = new StartedStack(folder, containers.ClusterId);

        await stack.StartAsync();
        await stack.SaysAsync("database system is ready to accept connections");
        await stack.SaysAsync("Node node-1 is part of the cluster");
        await stack.SaysAsync("Ctrl-C ends all of it");
        Assert.Matches(@"\n  redis +absent +redis-server is not installed\n", stack.Log);
        await AssertScrapedAsync(stack, cancellationToken);
        var id = await UseAsync(stack, cancellationToken);

        var (again, refusal) = await stack.AlsoAsync();
        Assert.Equal(1, again);
        Assert.Contains($"this AppHost runs already, as process {stack.ProcessId}.", refusal, StringComparison.Ordinal);

        var killed = stack.Processes();
        stack.Signal("KILL");
        await StartedStack.GoneAsync(killed, "what a killed AppHost started ends by itself");
        Assert.Equal(["exited"], await StatesAsync(containers, cancellationToken));

        await stack.StartAsync();
        using var http = new HttpClient { BaseAddress = await stack.ApiAsync() };
        var record = await http.GetFromJsonAsync<JsonElement>($"/apis/envs/sandbox/v1/get_status?sandbox_id={id}", cancellationToken);
        Assert.True(record.GetProperty("status").GetString() is "Success", $"the next start was to know {id}: {record}");

        var interrupted = stack.Processes();
        stack.Signal("INT");
        await stack.SaysAsync("all processes have ended");
        await StartedStack.GoneAsync(interrupted, "nothing is left after Ctrl-C");
        Assert.Empty(stack.Targets("api"));
    }

    [NeedsDockerFact]
    public async Task Stack_WhoseDotnetRunIsKilled_Ends()
    {
        using var folder = new TempFolder();
        await using var stack = new StartedStack(folder, $"test-{Guid.NewGuid():N}");
        await stack.StartAsync(byRunner: true);
        await stack.SaysAsync("database system is ready to accept connections");
        var processes = stack.Processes();

        stack.KillLauncher();

        await StartedStack.GoneAsync(processes, "the stack ends with the dotnet run that started it");
        Assert.Contains("dotnet run is gone", stack.Log, StringComparison.Ordinal);
    }

    /// <summary>A Prometheus is told the ports of this run, of each replica.</summary>
    private static async Task AssertScrapedAsync(StartedStack stack, CancellationToken cancellationToken)
    {
        Assert.Equal(2, stack.Targets("api").Count);
        using var http = new HttpClient();
        foreach (var target in Scraped.SelectMany(stack.Targets))
        {
            Assert.Contains("process_cpu_seconds_total", await http.GetStringAsync(target, cancellationToken), StringComparison.Ordinal);
        }
    }

    /// <returns>The sandbox that runs then.</returns>
    private static async Task<string> UseAsync(StartedStack stack, CancellationToken cancellationToken)
    {
        var (made, said) = await stack.AlsoAsync("--command", "api create-demo-sandbox");
        Assert.True(made == 0, $"the demo sandbox was to run: {said}");
        var id = said.Split(' ')[1];
        using var http = new HttpClient { BaseAddress = await stack.ApiAsync() };
        using var answer = await http.PostAsJsonAsync("/apis/envs/sandbox/v1/execute", new { sandbox_id = id, command = Greeting }, cancellationToken);
        var envelope = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        Assert.Equal("hi", envelope.GetProperty("result").GetProperty("stdout").GetString()?.Trim());

        var (unknown, names) = await stack.AlsoAsync("--command", "moon drain");
        Assert.Equal(1, unknown);
        Assert.Contains("There is no resource 'moon'; there are: ", names, StringComparison.Ordinal);
        return id;
    }

    private static async Task<IReadOnlyList<string>> StatesAsync(DockerCluster containers, CancellationToken cancellationToken)
    {
        List<string> states = [];
        foreach (var container in await containers.ContainersAsync(cancellationToken))
        {
            states.Add((string)(await DockerEngine.GetAsync($"containers/{container}/json", cancellationToken))!["State"]!["Status"]!);
        }

        return states;
    }
}
