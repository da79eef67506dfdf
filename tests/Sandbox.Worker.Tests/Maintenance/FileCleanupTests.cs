using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Maintenance;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Node.Maintenance;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Maintenance;

/// <summary>What is removed of folders that sandboxes write into, by the real <c>find</c>.</summary>
public sealed class FileCleanupTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly List<FoundSandbox> _running = [];
    private readonly List<IDisposable> _made = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Scratch => _temp.File("scratch");

    public FileCleanupTests() => Directory.CreateDirectory(Scratch);

    public void Dispose()
    {
        _made.ForEach(one => one.Dispose());
        _temp.Dispose();
    }

    [Fact]
    public async Task Cleanup_RemovesOldAndLargeFiles_AndFoldersThatAreEmptyAndOld()
    {
        Given("old/file", days: 8);
        Given("new/file", days: 1);
        Given("new/large", days: 0, bytes: 2048);
        Given("-delete", days: 8);
        Given("with space\nand line", days: 8);
        Directory.CreateDirectory(Path.Combine(Scratch, "empty"));
        Age("empty", days: 8);
        Directory.CreateDirectory(Path.Combine(Scratch, "fresh"));

        var done = await RunAsync();

        Assert.Equal(["fresh", "new", "new/file", "old"], Left());
        Assert.Equal("removed 4 files and 1 empty folders of 1 configured folders", done);
    }

    [Fact]
    public async Task Cleanup_FollowsNoLink_AndRemovesTheLinkItself()
    {
        var outside = _temp.File("outside");
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(Path.Combine(outside, "precious"), "x", Token);
        File.SetLastWriteTimeUtc(Path.Combine(outside, "precious"), DateTime.UnixEpoch);
        Directory.CreateSymbolicLink(Path.Combine(Scratch, "way-out"), outside);
        Directory.CreateDirectory(Path.Combine(Scratch, "inner"));
        File.CreateSymbolicLink(Path.Combine(Scratch, "inner/file"), Path.Combine(outside, "precious"));
        Given("old", days: 8);

        await RunAsync();

        Assert.True(File.Exists(Path.Combine(outside, "precious")), "what a link leads to is not in the folder");
        Assert.DoesNotContain("old", Left());
    }

    [Fact]
    public async Task Cleanup_LeavesWhatIsNamedAfterASandboxThatRuns()
    {
        var (running, ended) = (SandboxId.New(), SandboxId.New());
        _running.Add(new FoundSandbox(IncarnationId.New(), running, Running: true, null));
        _running.Add(new FoundSandbox(IncarnationId.New(), ended, Running: false, "exit code 0"));
        Given($"{running}/deep/file", days: 8);
        Given($"{ended}/deep/file", days: 8);
        Given($"jobs/{_running[0].Incarnation}/file", days: 8);
        Directory.CreateDirectory(Path.Combine(Scratch, $"jobs/{running}"));
        Age($"jobs/{running}", days: 8);

        await RunAsync();

        Assert.Equal(
            new[]
            {
                $"{running}", $"{running}/deep", $"{running}/deep/file", $"{ended}", $"{ended}/deep", "jobs", $"jobs/{running}",
                $"jobs/{_running[0].Incarnation}", $"jobs/{_running[0].Incarnation}/file",
            }.Order(StringComparer.Ordinal),
            Left());
    }

    [Fact]
    public async Task Cleanup_OfAFolderThatBecameALink_IsRefusedAtTheRun()
    {
        Given("old", days: 8);
        Directory.CreateSymbolicLink(_temp.File("link"), Scratch);

        var refused = await Assert.ThrowsAsync<MaintenanceException>(() => RunAsync(_temp.File("link")));

        Assert.Contains("is a symbolic link", refused.Message, StringComparison.Ordinal);
        Assert.Contains("old", Left());
    }

    [Fact]
    public async Task Cleanup_OfAFolderWithAMountInIt_LeavesItAlone()
    {
        Given("old", days: 8);
        var table = _temp.File("mountinfo");
        await File.WriteAllTextAsync(
            table, $"22 1 0:21 / / rw - ext4 /dev/a rw\n23 22 0:22 / {Scratch}/disk rw - ext4 /dev/b rw\n", Token);

        var refused = await Assert.ThrowsAsync<MaintenanceException>(() => RunAsync(mountTable: table));

        Assert.Contains($"{Scratch}/disk is mounted in it", refused.Message, StringComparison.Ordinal);
        Assert.Contains("old", Left());
    }

    [Fact]
    public async Task Cleanup_OfTheNodesOwnFolder_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<MaintenanceException>(() => RunAsync(_temp.File("data")));

        Assert.Contains("is within", refused.Message, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(string? folder = null, string mountTable = "/proc/self/mountinfo")
    {
        Directory.CreateDirectory(_temp.File("data"));
        var settings = new MaintenanceSettings(("CleanedFolders:0", folder ?? Scratch), ("MostFileSize", "1k"));
        _made.Add(settings);
        var worker = Options.Create(new WorkerOptions { DataFolder = _temp.File("data"), ClusterId = "c" });
        var deployments = new DeploymentSet([new Listed(_running)], worker, Options.Create(new SecurityPolicy()));
        var task = new FileCleanupTask(new HostTools(), deployments, worker, settings.Current) { MountTable = mountTable };
        return await task.RunAsync(new MaintenanceOrder("a", task.Name, []), _ => { }, Token);
    }

    private void Given(string name, int days, int bytes = 1)
    {
        var file = Path.Combine(Scratch, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, new byte[bytes]);
        Age(name, days);
    }

    private void Age(string name, int days) => File.SetLastWriteTimeUtc(
        Path.Combine(Scratch, name), TimeProvider.System.GetUtcNow().UtcDateTime - TimeSpan.FromDays(days));

    private IEnumerable<string> Left() => Directory.EnumerateFileSystemEntries(Scratch, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Scratch, path)).Order(StringComparer.Ordinal);

    /// <summary>Has what the test says, and does nothing.</summary>
    private sealed class Listed(IReadOnlyList<FoundSandbox> found) : IDeployment
    {
        public DeploymentKind Kind => DeploymentKind.Local;

        public Task<SandboxError?> CheckAvailabilityAsync(CancellationToken cancellationToken) => Task.FromResult<SandboxError?>(null);

        public Task<Result<StartedSandbox>> EnsureStartedAsync(
            StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Result<StartedSandbox>> EnsureRestartedAsync(
            SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<string> WhenEndedAsync(IncarnationId incarnation, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task EnsureStoppedAsync(SandboxInstance sandbox, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task EnsureGoneAsync(IncarnationId incarnation, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<FoundSandbox>> ListAsync(CancellationToken cancellationToken) => Task.FromResult(found);

        public void AddHook(IDeploymentHook hook)
        {
        }
    }
}
