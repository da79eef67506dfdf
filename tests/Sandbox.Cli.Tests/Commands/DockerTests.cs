using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Commands;

public sealed class DockerTests : IDisposable
{
    private const string Image = "sandbox-test-busybox:latest";

    private readonly CliProgram _cli = new("docker");

    public void Dispose() => _cli.Dispose();

    [NeedsDockerFact]
    public async Task Run_InABareImageWithoutNetwork_PrintsReturnsAndLeavesNothing()
    {
        var name = $"cli-{Guid.NewGuid():N}";

        var run = await _cli.RunAsync(
            "run", "--image", Image, "--network", "none", "--name", name, "--pull", "never", "--memory", "256m", "--", "sh", "-c",
            "echo $((40+2)); exit 7");

        Assert.Equal("42\n", run.Expect(7).Output);
        using var left = _cli.StartOther(["docker", "ps", "--all", "--quiet", "--filter", $"label=sandbox.aspire/sandbox={name}"]);
        Assert.Equal("", (await left.EndAsync()).Expect(0).Output);
    }

    [NeedsDockerFact]
    public async Task Run_Interrupted_RemovesTheContainer()
    {
        var name = $"cli-{Guid.NewGuid():N}";
        using var run = _cli.Start(
            "run", "--image", Image, "--name", name, "--pull", "never", "--memory", "256m", "--", "sh", "-c", "echo ready; exec sleep 600");
        await run.SeeAsync("ready");

        run.Signal("INT");

        (await run.EndAsync()).Expect(130);
        using var left = _cli.StartOther(["docker", "ps", "--all", "--quiet", "--filter", $"label=sandbox.aspire/sandbox={name}"]);
        Assert.Equal("", (await left.EndAsync()).Expect(0).Output);
    }

    [NeedsDockerFact]
    public async Task Run_OfAnImageThatIsNotThere_SaysSoAndReturns125()
    {
        var run = (await _cli.RunAsync("run", "--image", "sandbox-no-such-image:1", "--pull", "never", "--memory", "256m", "--", "true"))
            .Expect(125);

        Assert.Contains("sandbox-no-such-image:1", run.Error, StringComparison.Ordinal);
    }
}
