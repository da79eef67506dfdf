using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Plans;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Tests.Runs;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Machines;

/// <summary>Checkpoints against machines that are reached over SSH.</summary>
public sealed class MachineTests(TestMachines machines) : IClassFixture<TestMachines>
{
    /// <summary>What any machine has.</summary>
    private const string Least = "minimum_cores=1\nminimum_memory_mb=64\nminimum_disk_mb=1\n";

    private const string ImageId = $"docker image inspect --format '{{{{.Id}}}}' {DockerTestImage.Name}";

    private const string EngineProcess = "cat /var/run/docker.pid";

    private static readonly string[] Both = ["head", "node-1"];

    private static readonly Checkpoint Prerequisites = CheckpointCatalog.Find("prerequisites-check")!;

    private static readonly Checkpoint Docker = CheckpointCatalog.Find("docker-installation")!;

    private static readonly Checkpoint Cleanup = CheckpointCatalog.Find("cleanup-existing")!;

    /// <summary>Each that cannot take its part says what is wrong with it; the one beside them passes.</summary>
    [NeedsDockerFact]
    [Trait("Row", "7")]
    public async Task Prerequisites_OfMachinesBehindSsh_PassOrFailWithTheReasonOfEach()
    {
        SkipWithoutMachines();
        using var folder = new TempFolder();
        var address = machines.HeadAddress;
        var nobody = address[..(address.LastIndexOf('.') + 1)] + "250";
        var nodeKey = (await machines.ShellAsync("node-1", "cat /etc/ssh/ssh_host_ed25519_key.pub")).Trim();
        await File.WriteAllTextAsync(folder.File("known"), $"{address} {nodeKey}\n");
        await machines.ShellAsync("head", "test -f /root/key || ssh-keygen -q -t ed25519 -N '' -f /root/key");
        await File.WriteAllTextAsync(folder.File("key"), await machines.ShellAsync("head", "cat /root/key") + "\n");
        File.SetUnixFileMode(folder.File("key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        // Connections are shared by address and user, so each has a folder of its own for them.
        using var rollout = new RolloutOfOneMachine(inventory: machines.Inventory.Replace(
            "[worker_nodes]\n",
            $"""
            [worker_nodes]
            small ansible_host={address} minimum_memory_mb=100000000
            absent ansible_host={nobody}
            changed ansible_host={address} ansible_control_path_dir={folder.File("1")} {KnownHosts(folder.File("known"))}
            unknown ansible_host={address} ansible_control_path_dir={folder.File("2")} {KnownHosts("/dev/null")}
            keyless ansible_host={address} ansible_control_path_dir={folder.File("3")} ansible_ssh_private_key_file={folder.File("key")}
            powerless ansible_host={address} ansible_user=guest ansible_become=true

            """,
            StringComparison.Ordinal) + Least);

        var ended = await rollout.RunAsync(Prerequisites);

        Assert.Equal(ExecutionState.Failed, ended.State);
        var records = await RecordsAsync(rollout, Prerequisites);
        Assert.All(Both, machine =>
        {
            Assert.Equal(RecordStatus.Passed, records[machine].Status);
            Assert.Equal(machine, records[machine].Detail.GetProperty("system_info").GetProperty("hostname").GetString());
        });
        AssertFailed(records["small"], "memory: ");
        AssertFailed(records["absent"], $"connect to host {nobody} port 22");
        AssertFailed(records["changed"], "Host key verification failed");
        AssertFailed(records["unknown"], "Host key verification failed");
        AssertFailed(records["keyless"], "Permission denied (publickey)");
        AssertFailed(records["powerless"], "Missing sudo password");
    }

    /// <summary>From machines without Docker to machines whose leftovers were removed.</summary>
    [NeedsDockerFact]
    [Trait("Row", "8")]
    [Trait("Row", "9")]
    public async Task DockerAndCleanup_OnFreshMachines_DoWhatWasApprovedAndNothingTheSecondTime()
    {
        SkipWithoutMachines();
        await DockerTestImage.EnsureAsync();
        using var rollout = new RolloutOfOneMachine(inventory: machines.Inventory + $"cluster_images=['{DockerTestImage.Name}']\n");
        var refused = Assert.IsType<BeginOutcome.ApprovalRequired>(await rollout.BeginAsync(Docker));
        Assert.All(Both, machine => AssertShown(refused.Plan, $"{machine}: changed: Show what is installed: package docker.io"));

        await PassAsync(rollout, Docker, refused.Plan);

        var image = (string)(await DockerEngine.GetAsync($"images/{DockerTestImage.Name}/json", default))!["Id"]!;
        var engines = new Dictionary<string, string>();
        foreach (var (machine, record) in await RecordsAsync(rollout, Docker))
        {
            Assert.Equal("PASSED", record.Detail.GetProperty("docker_test").GetString());
            Assert.Equal(
                await machines.ShellAsync(machine, "docker version --format '{{.Server.Version}}'"),
                record.Detail.GetProperty("docker_version").GetString());
            Assert.Equal("true", await machines.ShellAsync(machine, "docker info --format '{{.LiveRestoreEnabled}}'"));
            Assert.Contains("docker", await machines.ShellAsync(machine, "id -nG deploy"), StringComparison.Ordinal);
            Assert.Equal(image, await machines.ShellAsync(machine, ImageId));
            engines[machine] = await machines.ShellAsync(machine, EngineProcess);
        }

        var again = await rollout.Planner.PlanAsync(Docker, default);
        Assert.Empty(again.Changes);
        var second = await PassAsync(rollout, Docker, again);
        var output = await rollout.Store.OutputAsync(second.Id, 0, int.MaxValue, default);
        Assert.DoesNotContain(output, line => line.Text.StartsWith("changed: ", StringComparison.Ordinal));
        foreach (var machine in Both)
        {
            Assert.Equal(engines[machine], await machines.ShellAsync(machine, EngineProcess));
            Assert.Equal(image, await machines.ShellAsync(machine, ImageId));
        }

        await machines.ShellAsync("node-1", Leftovers(machines.Project));
        var plan = await rollout.Planner.PlanAsync(Cleanup, default);
        AssertShown(plan, "node-1: changed: Show what is removed: process ");
        AssertShown(plan, "container " + await machines.ShellAsync("node-1", "docker ps --no-trunc --quiet --filter name=ours"));

        // A cluster that lives writes into its folders between the plan and the run, and the consent is to remove the folders.
        AssertShown(plan, $"path /var/lib/sandbox-cluster/{machines.Project}");
        await machines.ShellAsync("node-1", $"date >/var/lib/sandbox-cluster/{machines.Project}/written");

        await PassAsync(rollout, Cleanup, plan);

        var cleaned = (await RecordsAsync(rollout, Cleanup))["node-1"].Detail;
        Assert.Equal("1", cleaned.GetProperty("containers_before").ToString());
        Assert.Equal("0", cleaned.GetProperty("containers_after").ToString());
        var process = Assert.Single(cleaned.GetProperty("processes_ended").EnumerateArray()).GetString();
        Assert.EndsWith(" Sandbox.Worker", process, StringComparison.Ordinal);
        Assert.Equal("other", await machines.ShellAsync("node-1", "docker ps --format '{{.Names}}'"));
        Assert.Equal("other", await machines.ShellAsync("node-1", "docker volume ls --quiet"));
        Assert.Equal("other", await machines.ShellAsync("node-1", "ls /var/lib/sandbox-cluster"));
        await machines.ShellAsync("node-1", "kill -0 $(cat /root/not-recorded.pid) && kill -0 $(cat /root/other.pid)");
        Assert.Empty((await rollout.Planner.PlanAsync(Cleanup, default)).Changes);
    }

    /// <summary>What a cluster left and what is not its own, side by side.</summary>
    private static string Leftovers(string cluster) => $$"""
        set -e
        mkdir -p /var/lib/sandbox-cluster/{{cluster}} /run/sandbox-cluster/{{cluster}} /var/lib/sandbox-cluster/other
        docker volume create --label sandbox.aspire/cluster={{cluster}} ours
        docker volume create other
        docker run --detach --name ours --label sandbox.aspire/cluster={{cluster}} --network none {{DockerTestImage.Name}} sleep 600
        docker run --detach --name other --network none {{DockerTestImage.Name}} sleep 600
        cp /bin/sleep /root/Sandbox.Worker
        start() { start-stop-daemon --start --background --make-pidfile --pidfile "$1" --startas "$2" -- 600; }
        start /root/other.pid /bin/sleep
        export Cluster__Id={{cluster}}
        start /root/not-recorded.pid /root/Sandbox.Worker
        start /run/sandbox-cluster/{{cluster}}/worker.pid /root/Sandbox.Worker
        # The number of a worker that is no more, given to another process.
        cp /root/other.pid /run/sandbox-cluster/{{cluster}}/former.pid
        """;

    private static string KnownHosts(string file) =>
        $"ansible_ssh_common_args='-F none -o IdentitiesOnly=yes -o UserKnownHostsFile={file} -o GlobalKnownHostsFile=/dev/null'";

    private static void SkipWithoutMachines() => Assert.SkipWhen(TestMachines.WhyMissing is not null, TestMachines.WhyMissing ?? "");

    private static void AssertFailed(CheckpointRecord record, string reason)
    {
        Assert.Equal(RecordStatus.Failed, record.Status);
        Assert.Contains(reason, record.Detail.GetProperty("error").GetString()!, StringComparison.Ordinal);
    }

    private static void AssertShown(RolloutPlan plan, string text) =>
        Assert.Contains(plan.Changes, change => change.Contains(text, StringComparison.Ordinal));

    private static async Task<Dictionary<string, CheckpointRecord>> RecordsAsync(RolloutOfOneMachine rollout, Checkpoint checkpoint) =>
        (await rollout.Store.RecordsAsync(default))
            .Where(record => record.Checkpoint == checkpoint.Name)
            .ToDictionary(record => record.Node);

    /// <summary>Runs a checkpoint with an approval of this plan.</summary>
    private static async Task<Execution> PassAsync(RolloutOfOneMachine rollout, Checkpoint checkpoint, RolloutPlan plan)
    {
        await rollout.ApproveAsync(checkpoint, plan);
        var ended = await rollout.RunAsync(checkpoint);
        Assert.True(ended.State is ExecutionState.Completed, $"{checkpoint.Name} was to pass: {ended.Error}");
        return ended;
    }
}
