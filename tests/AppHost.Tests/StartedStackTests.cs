using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace AppHost.Tests;

/// <summary>The whole life of a stack on a developer's machine: started, used, killed, started again, ended.</summary>
[Collection(nameof(StackCollection))]
public sealed class StartedStackTests
{
    private static readonly string[] Write = ["sh", "-c", "echo kept >/root/f"];
    private static readonly string[] Read = ["cat", "/root/f"];
    private static readonly string[] Scraped = ["api", "node-1", "node-4", "health"];

    [NeedsDockerFact]
    public async Task Stack_ThatIsKilled_LeavesNothing_KeepsItsData_AndEndsWithCtrlC()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await DockerTestImage.EnsureAsync();
        await using var containers = new DockerCluster();
        using var folder = new TempFolder();
        var program = new AppHostProgram(folder, containers.ClusterId);
        await using var volumes = new StackVolumes(program.Stack);
        await using var stack = new StartedStack(folder, program);

        await stack.StartAsync();
        using var caller = await stack.CallerAsync();
        var id = await UseAsync(caller);
        await AssertScrapedAsync(stack, cancellationToken);
        var runners = stack.Processes().Select(ProcessTable.CommandOf)
            .Where(command => command.StartsWith("dotnet run ", StringComparison.Ordinal));
        Assert.True(
            !runners.Any(), $"each process was to be the program that the build made, with none above it: {string.Join("; ", runners)}");

        var (again, refusal) = await program.RunAsync();
        Assert.True(again == 1, $"a second stack on the same data was to be refused with 1, and ended with {again}: {refusal}");
        Assert.Contains($"This stack runs already, as process {stack.ProcessId}.", refusal, StringComparison.Ordinal);

        var killed = stack.Processes();
        stack.Kill();
        await stack.GoneAsync(killed, "what a killed AppHost started ends by itself");

        await stack.StartAsync();
        using var next = await stack.CallerAsync();
        await AssertKeptAsync(next, id);

        var interrupted = stack.Processes();
        stack.Interrupt();
        await stack.GoneAsync(interrupted, "nothing is left after Ctrl-C");
        Assert.Empty(stack.Targets("api"));
        Assert.Empty(await volumes.UsersAsync());
    }

    [NeedsDockerTheory]
    [InlineData("dotnet run", "The dotnet run that started this stack is gone")]
    [InlineData("the orchestrator", "The stack does not run. Aspire's orchestrator (dcp) is gone.")]
    public async Task Stack_WhoseParentOrOrchestratorIsKilled_Ends(string killed, string reason)
    {
        using var folder = new TempFolder();
        var program = new AppHostProgram(folder);
        await using var volumes = new StackVolumes(program.Stack);
        await using var stack = new StartedStack(folder, program);
        await stack.StartAsync(byRunner: killed == "dotnet run");
        await stack.SaysAsync("Login to the dashboard at ");
        var processes = stack.Processes();

        if (killed == "dotnet run")
        {
            stack.KillLauncher();
        }
        else
        {
            stack.KillOrchestrator();
        }

        await stack.GoneAsync(processes, $"the stack ends with {killed}");
        Assert.Contains(reason, stack.Log, StringComparison.Ordinal);
    }

    /// <summary>What waits for it would wait without end.</summary>
    [NeedsDockerFact]
    public async Task Stack_WithAPartThatCannotStart_EndsWithItsReason()
    {
        using var folder = new TempFolder();
        var program = new AppHostProgram(folder);
        program.Settings["ConnectionStrings__sandbox"] = "Host=127.0.0.1;Port=1;Username=u;Password=secret;Database=d;Timeout=1";

        var (exitCode, said) = await program.RunAsync();

        Assert.True(exitCode == 1, $"a stack without its database was to end with 1, and ended with {exitCode}: {said}");
        Assert.Matches("The stack does not run. '(health|api)' ended with exit code 1 while the stack was starting: ", said);
        Assert.Contains("ConnectionStrings:sandbox: the database does not answer as it should: ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
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

    /// <returns>The sandbox, with a file in it.</returns>
    private static async Task<string> UseAsync(RockCaller caller)
    {
        var id = $"used-{Guid.NewGuid():N}";
        await caller.RunAsync(id);
        await caller.MustPostAsync("execute", new { sandbox_id = id, command = Write });
        return id;
    }

    private static async Task AssertKeptAsync(RockCaller caller, string id)
    {
        // Its node finds out that its container ended with the stack.
        await Wait.UntilAsync(
            async () => (await caller.StatusAsync(id)).GetProperty("state").GetString() is "stopped",
            () => $"{id} is known, and known to have stopped");
        await caller.MustPostAsync("restart", new { sandbox_id = id });
        await caller.UntilAliveAsync(id);
        var read = await caller.MustPostAsync("execute", new { sandbox_id = id, command = Read });
        Assert.Equal("kept", read.GetProperty("stdout").GetString()?.Trim());
    }
}
