using System.Text.Json;

namespace Sandbox.Cli.Tests.Commands;

public sealed class LifecycleTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Inspect_OfARunningAndOfAStoppedSandbox_ShowsStateTimesAndHistory()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);

        var lines = (await _cli.RunAsync("inspect", "demo")).Expect(0).Output.TrimEnd('\n').Split('\n')
            .Select(line => line.Split('\t')).ToList();
        var view = JsonDocument.Parse((await _cli.RunAsync("inspect", "--json", "demo")).Expect(0).Output).RootElement;

        Assert.Equal(["id", "demo"], lines[0]);
        Assert.Equal(["state", "running"], lines[1]);
        Assert.True(DateTimeOffset.TryParse(lines.Single(line => line[0] == "created")[1], out _), "piped times are no words");
        Assert.Equal(("demo", true), (view.GetProperty("sandbox_id").GetString(), view.GetProperty("is_alive").GetBoolean()));
        (await _cli.RunAsync("stop", "demo")).Expect(0);
        Assert.Contains("running -> stopped (stop) ", (await _cli.RunAsync("inspect", "demo")).Expect(0).Output, StringComparison.Ordinal);
        (await _cli.RunAsync("rm", "demo")).Expect(0);
    }

    [Fact]
    public async Task Network_IsShown_AndListsThatNothingWouldPutInEffectAreRefused()
    {
        const string reason = "egress: the network of a Local sandbox can have no lists";
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);

        Assert.Contains(
            "may reach\tall that the server allows\n", (await _cli.RunAsync("network", "demo")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal("set the network of demo\n", (await _cli.RunAsync("network", "demo", "--open")).Expect(0).Output);
        Assert.Contains(
            reason, (await _cli.RunAsync("network", "demo", "--allow", "pypi.org")).Expect(1).Error, StringComparison.Ordinal);
        Assert.Contains(
            reason, (await _cli.RunAsync("run", "--allow", "pypi.org", "--", "true")).Expect(125).Error, StringComparison.Ordinal);

        (await _cli.RunAsync("network", "demo", "--open", "--deny", "10.0.0.0/8")).Expect(2);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    [Fact]
    public async Task Wait_WhileTheSandboxRuns_EndsWithItsStop()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);
        Assert.Equal("running\n", (await _cli.RunAsync("wait", "demo", "--for", "running")).Expect(0).Output);
        using var waiting = _cli.Start("wait", "demo", "--json");

        (await _cli.RunAsync("stop", "demo")).Expect(0);

        Assert.Equal("{\"action\":\"stopped\",\"sandbox_id\":\"demo\"}\n", (await waiting.EndAsync()).Expect(0).Output);
        Assert.Equal("stopped\n", (await _cli.RunAsync("wait", "demo")).Expect(0).Output);
        (await _cli.RunAsync("rm", "demo")).Expect(0);
        Assert.Equal("deleted\n", (await _cli.RunAsync("wait", "demo", "--for", "deleted")).Expect(0).Output);
    }

    [Fact]
    public async Task Wait_ForWhatDoesNotCome_GivesUpWithTheCodeOfATimeout()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);

        var gaveUp = (await _cli.RunAsync("wait", "demo", "--timeout", "0.1")).Expect(124);

        Assert.Equal("sandbox: sandbox demo was not stopped in time", gaveUp.Error.TrimEnd('\n').Split('\n')[^1]);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    [Fact]
    public async Task Archive_Restore_AndCommit_WhereTheyAreImpossible_SayWhy()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);

        Assert.Contains("has no container", (await _cli.RunAsync("commit", "demo", "image:1")).Expect(1).Error, StringComparison.Ordinal);
        Assert.Equal("sandbox: sandbox demo is running, not archived\n", (await _cli.RunAsync("restore", "demo")).Expect(1).Error);
        (await _cli.RunAsync("stop", "demo")).Expect(0);
        Assert.Contains("Archive:Store", (await _cli.RunAsync("archive", "demo")).Expect(1).Error, StringComparison.Ordinal);
        Assert.Equal(
            "sandbox: sandbox demo is stopped, not running\n", (await _cli.RunAsync("port-forward", "demo", "80")).Expect(1).Error);
        (await _cli.RunAsync("rm", "demo")).Expect(0);
    }
}
