using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Local;
using Sandbox.Domain.Specs;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Local;

/// <summary>What is written for a kernel of either version. That it holds is shown on a real one
/// (<see cref="LocalConfinementTests"/>).</summary>
public sealed class ControlGroupsTests : IDisposable
{
    private static readonly SandboxSpec Spec = WorkerHost.Prepare("box").Spec with
    {
        MemoryBytes = 256 << 20,
        Cpus = 0.5,
        LimitCpus = 1.5,
        PidsLimit = 99,
    };

    private readonly TempFolder _root = new();
    private readonly IncarnationId _incarnation = IncarnationId.New();

    [Fact]
    public void Make_OnVersion2_WritesAllBoundsIntoOneGroup()
    {
        File.WriteAllText(_root.File("cgroup.controllers"), "cpu memory pids");

        var made = Groups().Make(_incarnation, Spec);

        Assert.Null(made.WhyMissing);
        var group = Assert.Single(made.Folders);
        Assert.Equal(Path.Combine(_root.Path, "sandbox.aspire", _incarnation.ToString()), group);
        Assert.Equal(
            ("268435456", "99", "150000 100000"), (Read(group, "memory.max"), Read(group, "pids.max"), Read(group, "cpu.max")));
        Assert.All(
            (string[])[_root.Path, Path.Combine(_root.Path, "sandbox.aspire")],
            folder => Assert.Equal("+cpu +memory +pids", Read(folder, "cgroup.subtree_control")));
    }

    [Fact]
    public void Make_OnVersion1_WritesEachBoundIntoItsOwnGroup()
    {
        foreach (var controller in (string[])["memory", "pids", "cpu"])
        {
            Directory.CreateDirectory(_root.File(controller));
        }

        var made = Groups().Make(_incarnation, Spec);

        Assert.Equal(3, made.Folders.Count);
        Assert.Equal(
            ("268435456", "99", "150000"),
            (Read(made.Folders[0], "memory.limit_in_bytes"), Read(made.Folders[1], "pids.max"), Read(made.Folders[2], "cpu.cfs_quota_us")));
    }

    [Fact]
    public void Make_WithoutAny_SaysWhatIsMissing()
    {
        var made = Groups().Make(_incarnation, Spec);

        Assert.Empty(made.Folders);
        Assert.Equal("there is no control group of the kernel for memory", made.WhyMissing);
    }

    public void Dispose() => _root.Dispose();

    private ControlGroups Groups() => new(TimeProvider.System) { Root = _root.Path };

    private static string Read(string folder, string file) => File.ReadAllText(Path.Combine(folder, file));
}
