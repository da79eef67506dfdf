using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Machine;
using Sandbox.Domain.Policies;
using Sandbox.Node;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Machine;

/// <summary>What is said of a kernel, as its files tell.</summary>
public sealed class MachineDiagnosticsTests : IDisposable
{
    private readonly TempFolder _proc = new();

    public MachineDiagnosticsTests()
    {
        Write("sys/kernel/osrelease", "6.1.0");
        Write("sys/kernel/pid_max", "4194304");
        Write("sys/fs/inotify/max_user_instances", "8192");
        Write("sys/fs/inotify/max_user_watches", "524288");
        Write("sys/fs/aio-nr", "0");
        Write("sys/fs/aio-max-nr", "1048576");
        Write("sys/fs/file-nr", "1000\t0\t9223372036854775807");
        Write("sys/kernel/core_pattern", "core");
        Write("meminfo", "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\nHugePages_Total:       0");
    }

    public void Dispose() => _proc.Dispose();

    [Fact]
    public async Task Kernel_WithEnoughOfAll_HasNothingToWarnOf()
    {
        var checks = await ChecksAsync();

        Assert.Equal(
            ["kernel", "privileges", "processes", "inotify", "aio", "open_files", "core_dumps", "memory", "free_disk"],
            checks.Select(check => check.Name));
        Assert.All(checks.Where(check => check.Name is not "free_disk"), check => Assert.Equal(DiagnosticCheck.Ok, check.Status));
    }

    [Theory]
    [InlineData("sys/kernel/pid_max", "32768", "processes")]
    [InlineData("sys/fs/inotify/max_user_instances", "128", "inotify")]
    [InlineData("sys/fs/aio-max-nr", "65536", "aio")]
    [InlineData("sys/fs/file-nr", "950\t0\t1000", "open_files")]
    [InlineData("sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P %u", "core_dumps")]
    [InlineData("meminfo", "MemTotal: 1000 kB\nMemAvailable: 50 kB", "memory")]
    public async Task Kernel_ThatOneSandboxCanUseUp_IsWarnedOfWithWhatToDo(string file, string content, string name)
    {
        Write(file, content);

        var check = Assert.Single(await ChecksAsync(), check => check.Name == name);

        Assert.Equal(DiagnosticCheck.Warning, check.Status);
        Assert.False(string.IsNullOrEmpty(check.Advice), $"a warning says what to do: {check}");
    }

    [Fact]
    public async Task Policy_ThatAllowsPrivilegedSandboxes_BreaksAPromise()
    {
        var check = Assert.Single(
            await ChecksAsync(new SecurityPolicy { AllowPrivileged = true }), check => check.Name == "privileges");

        Assert.Equal(DiagnosticCheck.Failed, check.Status);
    }

    [Fact]
    public async Task Kernel_OfThisMachine_IsRead()
    {
        var machine = new MachineDiagnostics(Options.Create(new SecurityPolicy()), Worker());

        Assert.Equal(9, (await machine.CheckAsync(TestContext.Current.CancellationToken)).Count);
    }

    private Task<IReadOnlyList<DiagnosticCheck>> ChecksAsync(SecurityPolicy? policy = null) =>
        new MachineDiagnostics(Options.Create(policy ?? new SecurityPolicy()), Worker()) { Proc = _proc.Path }
            .CheckAsync(TestContext.Current.CancellationToken);

    private IOptions<WorkerOptions> Worker() => Options.Create(new WorkerOptions { ClusterId = "c", DataFolder = _proc.Path });

    private void Write(string file, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_proc.File(file))!);
        File.WriteAllText(_proc.File(file), content + "\n");
    }
}
