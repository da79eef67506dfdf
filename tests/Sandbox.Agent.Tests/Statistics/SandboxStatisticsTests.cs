using Microsoft.Extensions.Time.Testing;
using Sandbox.Agent.Processes;
using Sandbox.Agent.Statistics;
using Sandbox.Contracts.Agent;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Statistics;

public sealed class SandboxStatisticsTests : IDisposable
{
    private readonly TempFolder _root = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Take_Version1_CountsAgainstTheLimits()
    {
        Write("sys/fs/cgroup/cpuacct/cpuacct.usage", "1000000000\n");
        Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
        Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
        Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "3000\n");
        Write("sys/fs/cgroup/memory/memory.stat", "cache 1\ntotal_inactive_file 1000\n");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000\n");
        Write("proc/net/dev", "Inter-| Receive\n face |bytes\n    lo: 9 0 0 0 0 0 0 0 9 0\n  eth0: 100 1 0 0 0 0 0 0 23 1\n");
        var statistics = new SandboxStatistics(new SandboxEnvironment(), _time, _root.Path + "/");

        var first = statistics.Take();
        _time.Advance(TimeSpan.FromSeconds(2));
        Write("sys/fs/cgroup/cpuacct/cpuacct.usage", "2000000000\n");
        var second = statistics.Take();

        Assert.Equal((0, 50, 123), (first.Cpu, first.Mem, first.Net));
        Assert.Equal(25, second.Cpu);
    }

    [Fact]
    public void Take_Version2_PrefersTheLimitsThatTheOwnerGave()
    {
        Write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
        Write("sys/fs/cgroup/cpu.max", "max 100000\n");
        Write("sys/fs/cgroup/cpu.stat", "usage_usec 0\nuser_usec 0\n");
        Write("sys/fs/cgroup/memory.current", "300\n");
        Write("sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 100\n");
        Write("sys/fs/cgroup/memory.max", "max\n");
        var environment = new SandboxEnvironment();
        environment.SetInit(new AgentInit { SandboxId = "s", Incarnation = "i", GraceSeconds = 1, Cpus = 0.5, MemoryBytes = 1000 });
        var statistics = new SandboxStatistics(environment, _time, _root.Path + "/");

        var first = statistics.Take();
        _time.Advance(TimeSpan.FromSeconds(1));
        Write("sys/fs/cgroup/cpu.stat", "usage_usec 250000\n");

        Assert.Equal(20, first.Mem);
        Assert.Equal(50, statistics.Take().Cpu);
    }

    [Theory]
    [InlineData("/dev/loop0 /var/lib/docker ext4 rw 0 0", true)]
    [InlineData("/dev/loop0 /var/lib/dockerd ext4 rw 0 0", false)]
    [InlineData("", false)]
    public void Take_OfAnEngineInside_TellsItsDiskWhereItHasOne(string mounted, bool isTold)
    {
        Write("var/lib/docker/file", "x");
        Write("proc/self/mounts", $"overlay / overlay rw 0 0\n{mounted}\n");

        var seen = new SandboxStatistics(new SandboxEnvironment(), _time, _root.Path + "/").Take();

        Assert.Equal(isTold, seen.DiskDindPercent > 0);
    }

    [Fact]
    public void Take_WithoutAControlGroup_IsZeroes()
    {
        var seen = new SandboxStatistics(new SandboxEnvironment(), _time, _root.Path + "/").Take();

        Assert.Equal((0, 0, 0), (seen.Cpu, seen.Mem, seen.Net));
    }

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root.File(name))!);
        File.WriteAllText(_root.File(name), content);
    }
}
