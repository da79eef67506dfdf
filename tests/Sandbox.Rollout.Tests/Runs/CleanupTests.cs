using System.Diagnostics;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Runs;

public sealed class CleanupTests
{
    private static readonly Checkpoint Cleanup = CheckpointCatalog.Find("cleanup-existing")!;

    [NeedsDockerFact]
    [Trait("Row", "9")]
    public async Task Cleanup_BesideWhatIsNotOurs_RemovesOursAloneAndThenFindsNothing()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ansible-playbook"), "Ansible is not installed");
        await DockerTestImage.EnsureAsync();
        var cluster = $"rollout-{Guid.NewGuid():N}"[..20];
        using var rollout = new RolloutOfOneMachine(variables: $"cluster_id={cluster}");
        var ours = await ContainerAsync($"--label=sandbox.aspire/cluster={cluster}");
        var other = await ContainerAsync($"--label=other={cluster}");
        try
        {
            var plan = await rollout.Planner.PlanAsync(Cleanup, default);
            Assert.Contains(plan.Changes, change => change.Contains($"Show what is removed: container {ours}", StringComparison.Ordinal));
            await rollout.ApproveAsync(Cleanup);

            var ended = await rollout.RunAsync(Cleanup);

            Assert.True(ended.State is ExecutionState.Completed, $"the cleanup was to pass: {ended.Error}");
            var detail = Assert.Single(await rollout.Store.RecordsAsync(default)).Detail;
            Assert.Equal("1", detail.GetProperty("containers_before").ToString());
            Assert.Equal("0", detail.GetProperty("containers_after").ToString());
            Assert.Equal("", await DockerAsync("ps", "--all", "--quiet", "--no-trunc", "--filter", $"id={ours}"));
            Assert.Equal(other, await DockerAsync("ps", "--all", "--quiet", "--no-trunc", "--filter", $"id={other}"));

            Assert.Empty((await rollout.Planner.PlanAsync(Cleanup, default)).Changes);
            await rollout.ApproveAsync(Cleanup);
            Assert.Equal(ExecutionState.Completed, (await rollout.RunAsync(Cleanup)).State);
        }
        finally
        {
            await DockerAsync("rm", "--force", other);
            await DockerAsync("rm", "--force", ours);
        }
    }

    private static Task<string> ContainerAsync(string label) =>
        DockerAsync("run", "--detach", "--network=none", label, DockerTestImage.Name, "sleep", "600");

    private static async Task<string> DockerAsync(params string[] arguments)
    {
        using var docker = Process.Start(new ProcessStartInfo("docker", arguments) { RedirectStandardOutput = true })!;
        var output = await docker.StandardOutput.ReadToEndAsync();
        await docker.WaitForExitAsync();
        return output.Trim();
    }
}
