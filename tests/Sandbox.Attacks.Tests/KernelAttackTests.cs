using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>What root in a hostile sandbox may ask of the kernel that it shares with the others, and what a start may ask for.</summary>
[Collection(nameof(AttackCollection))]
public sealed class KernelAttackTests(AttackedCluster attacked)
{
    private const string Working = "kernel-red", Hostile = "kernel-mallory";

    /// <summary>Each succeeds for root outside of a container, and changes nothing that would have to be put back.</summary>
    [NeedsDockerTheory]
    [InlineData("mount -t tmpfs none /mnt")]
    [InlineData("mount -o remount,rw /.sandbox/bin")]
    [InlineData("unshare -U true")]
    [InlineData("unshare -m true")]
    [InlineData("nsenter -t 1 -n true")]
    [InlineData("chroot / true")]
    [InlineData("mknod /tmp/disk b 8 0")]
    [InlineData("dmesg")]
    [InlineData("hostname kernel-mallory")]
    [InlineData("renice -n -5 -p $$")]
    [InlineData("ionice -c 1 -n 0 true")]
    [InlineData("ip link add d0 type dummy")]
    [InlineData("echo 1 > /proc/sys/vm/overcommit_memory")]
    [InlineData("echo h > /proc/sysrq-trigger")]
    [InlineData("echo -1000 > /proc/self/oom_score_adj")]
    [InlineData("echo x > /.sandbox/bin/sandbox-agent")]
    [InlineData("cat /proc/kcore | head -c 1 | grep -q .")]
    public async Task Root_OfASandbox_IsRefusedByTheKernel(string command)
    {
        await RunAsync(attacked.Mallory, Hostile);

        var said = await attacked.Mallory.ExecuteAsync(Hostile, $"mkdir -p /mnt; ({command}) >/dev/null 2>&1 && echo done || echo refused");

        Assert.True(said.Trim() == "refused", $"`{command}` was to be refused in a sandbox: {said}");
    }

    [NeedsDockerTheory]
    [InlineData("--privileged")]
    [InlineData("--cap-add=SYS_ADMIN")]
    [InlineData("--security-opt=seccomp=unconfined")]
    [InlineData("--device=/dev/kmsg")]
    [InlineData("--gpus=all")]
    [InlineData("--runtime=runc")]
    [InlineData("--userns=host")]
    [InlineData("--pid=host")]
    [InlineData("--ipc=host")]
    [InlineData("--uts=host")]
    [InlineData("--cgroup-parent=/")]
    [InlineData("--oom-score-adj=-1000")]
    [InlineData("--volume=/:/host")]
    [InlineData("--ulimit=rtprio=99")]
    [InlineData("--ulimit=memlock=-1")]
    [InlineData("--sysctl=kernel.core_pattern=x")]
    public async Task Start_ThatAsksTheEngineForMore_IsRefused(string argument)
    {
        var answer = await attacked.Mallory.StartAsync("kernel-asks", ("docker_args", new[] { argument }));

        AssertRefused(answer, argument.Split('=')[0]);
    }

    [NeedsDockerTheory]
    [InlineData("privileged")]
    [InlineData("use_kata_runtime")]
    public async Task Start_ThatAsksForWhatThePolicyForbids_IsRefused(string field) =>
        AssertRefused(await attacked.Mallory.StartAsync("kernel-asks", (field, true)), "does not allow");

    [NeedsDockerFact]
    public async Task ForkBomb_TakesTheProcessesOfItsSandboxOnly()
    {
        await RunAsync(attacked.Red, Working);
        await attacked.Mallory.RunAsync("kernel-bomb", ("pids_limit", 64));

        // It ends with its sandbox; what a shell cannot begin it complains of.
        await attacked.Mallory.PostAsync(
            "execute", new { sandbox_id = "kernel-bomb", shell = true, command = "b() { b | b & }; b; sleep 1", timeout = 10 });

        Assert.Equal("on\n", await attacked.Red.ExecuteAsync(Working, "echo on"));
        await StopAsync(attacked.Mallory, "kernel-bomb");
    }

    [NeedsDockerFact]
    public async Task MemoryHog_IsEndedInItsSandboxOnly()
    {
        await RunAsync(attacked.Red, Working);
        await attacked.Mallory.RunAsync("kernel-hog", ("memory", "64m"));

        var code = await attacked.Mallory.ExecuteAsync(
            "kernel-hog", "dd if=/dev/zero of=/dev/null bs=300M count=1 2>/dev/null; echo $?");

        Assert.Equal("137\n", code);
        Assert.Equal("on\n", await attacked.Red.ExecuteAsync(Working, "echo on"));
        await StopAsync(attacked.Mallory, "kernel-hog");
    }

    private static void AssertRefused(JsonElement answer, string reason)
    {
        Assert.True(answer.GetProperty("status").GetString() != "Success", $"the start was to be refused: {answer}");
        Assert.Contains(reason, answer.ToString(), StringComparison.Ordinal);
    }

    /// <summary>The tests share what none of them changes; the cluster removes it in the end.</summary>
    private static async Task RunAsync(RockCaller owner, string id)
    {
        if (!await owner.IsAliveAsync(id))
        {
            await owner.RunAsync(id);
        }
    }

    private static async Task StopAsync(RockCaller owner, string id) => await owner.MustPostAsync("stop", new { sandbox_id = id });
}
