using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Deployments.Archives;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Storage.Archives;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Archives;

/// <summary>Out of a real engine into a folder and back. The engine forgets the image in between, as another node's engine
/// never knew it.</summary>
public sealed class ArchiveTests : IAsyncLifetime
{
    private readonly TempFolder _data = new();
    private readonly TempFolder _store = new();
    private readonly DockerCluster _cluster = new();
    private readonly List<string> _images = [];
    private TestArchives _archives = null!;
    private WorkerHost _worker = null!;
    private string _maxImage = "16g";
    private string _maxLog = "16g";
    private long _free = long.MaxValue;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            NativeAgent.Need();
            await DockerTestImage.EnsureAsync();
            await StartWorkerAsync();
        }
    }

    [NeedsDockerFact]
    public async Task Archive_ThenRestore_GivesBackTheSameTree()
    {
        var running = await _worker.RunAsync(Prepare());
        await SandboxTree.FillAsync(running);
        await _worker.ExecAsync(
            running.Id, "rm /etc/removed; rm -r /etc/remade; mkdir /etc/remade; echo new > /etc/remade/new; echo grown >> /etc/kept");
        var (before, root) = (await SandboxTree.HashAsync(running), await SandboxTree.HashAsync(running, "etc/remade"));

        var archived = await ArchiveAsync(running);

        Assert.Empty(await _cluster.ContainersAsync(CancellationToken.None));
        await AssertNoImageAsync(archived);
        Assert.Equal(2, FilesInStore().Count);
        Assert.All(archived.Phases, phase => Assert.Equal((PhaseStatus.Success, "archived"), (phase.Status, phase.Message)));

        var restored = await RestoreAsync(archived);

        Assert.NotEqual(running.Incarnation, restored.Incarnation);
        Assert.Equal(before, await SandboxTree.HashAsync(restored));
        Assert.Equal("new\n", await _worker.ExecAsync(restored.Id, "ls /etc/remade; ls /etc/removed 2>/dev/null"));
        Assert.Equal(root, await SandboxTree.HashAsync(restored, "etc/remade"));
        var container = await DockerEngine.InspectAsync(
            ContainerName.Of(restored.Incarnation, new WorkerOptions()), CancellationToken.None);
        Assert.Equal(restored.Spec.MemoryBytes, (long)container!["HostConfig"]!["Memory"]!);
        await WorkerHost.UntilAsync(() => FilesInStore().Count == 0, "the archive is discarded once the sandbox runs");
    }

    [NeedsDockerFact]
    public async Task Archive_Twice_KeepsWhatBothLivesWrote()
    {
        var running = await _worker.RunAsync(Prepare());
        await _worker.ExecAsync(running.Id, "echo 1 > /one");
        var second = await RestoreAsync(await ArchiveAsync(running));
        await _worker.ExecAsync(second.Id, "echo 2 > /two; rm /etc/removed");

        var third = await RestoreAsync(await ArchiveAsync(second));

        Assert.Equal("1\n2\ngone\n", await _worker.ExecAsync(third.Id, "cat /one /two; ls /etc/removed 2>/dev/null || echo gone"));
        await StopAndDeleteAsync(third);
        await WorkerHost.UntilAsync(() => FilesInStore().Count == 0, "nothing is left in the store");
        Assert.Empty(await _cluster.ContainersAsync(CancellationToken.None));
        await AssertNoImageAsync(running);
        await AssertNoImageAsync(second);
    }

    [NeedsDockerTheory]
    [InlineData("put", ".log.gz", false)]
    [InlineData("put", ".tar.gz", false)]
    [InlineData("put", ".tar.gz", true)]
    public async Task Archive_ServerDiesAtAnyStep_IsFinishedByItsNextLife(string verb, string suffix, bool after)
    {
        var running = await _worker.RunAsync(Prepare());
        await _worker.ExecAsync(running.Id, "echo kept > /kept");
        var reached = new TaskCompletionSource();
        Task HoldAsync(string asked, string key)
        {
            if (asked != verb || !key.EndsWith(suffix, StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return TestArchives.Never;
        }

        if (after)
        {
            _archives.After = HoldAsync;
        }
        else
        {
            _archives.Before = HoldAsync;
        }

        await StopAsync(running);
        Assert.True((await _worker.Sandboxes.ArchiveAsync(running.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        await reached.Task.WaitAsync(WorkerHost.Soon);

        await _worker.CrashAsync();
        Assert.Single(await _cluster.ContainersAsync(CancellationToken.None));
        await StartWorkerAsync();

        var archived = await _worker.UntilAsync(running.Id, now => now.State is SandboxState.Archived, "archived");
        await UntilGoneAsync();
        Assert.Equal("kept\n", await _worker.ExecAsync((await RestoreAsync(archived)).Id, "cat /kept"));
    }

    [NeedsDockerFact]
    public async Task Restore_ServerDiesMeanwhile_IsFinishedByItsNextLife()
    {
        var running = await _worker.RunAsync(Prepare());
        await _worker.ExecAsync(running.Id, "echo kept > /kept");
        var archived = await ArchiveAsync(running);
        var reached = new TaskCompletionSource();
        _archives.After = (_, _) =>
        {
            reached.TrySetResult();
            return TestArchives.Never;
        };
        Assert.True((await _worker.Sandboxes.RestartAsync(archived.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        await reached.Task.WaitAsync(WorkerHost.Soon);

        await _worker.CrashAsync();
        await StartWorkerAsync();

        var restored = await _worker.UntilAsync(running.Id, now => now.State is SandboxState.Running, "running");
        Assert.Equal("kept\n", await _worker.ExecAsync(restored.Id, "cat /kept"));
        Assert.Single(await _cluster.ContainersAsync(CancellationToken.None));
    }

    [NeedsDockerTheory]
    [InlineData("flipped", "have changed")]
    [InlineData("shorter", "have changed")]
    [InlineData("longer", "is larger than the limit")]
    [InlineData("gone", "is gone")]
    public async Task Restore_OfAnArchiveWhoseBytesChanged_FailsAndStaysArchived(string how, string reason)
    {
        var archived = await ArchiveAsync(await _worker.RunAsync(Prepare()));
        var file = FilesInStore().Single(name => name.EndsWith(".tar.gz", StringComparison.Ordinal));
        var good = await File.ReadAllBytesAsync(file);
        await DamageAsync(file, how);

        Assert.True(
            (await _worker.Sandboxes.RestartAsync(archived.Id, CancellationToken.None)).TryGet(out var pending, out var error),
            error?.Text);
        var failed = await _worker.UntilAsync(archived.Id, now => now.State is SandboxState.Archived, "archived again");

        Assert.Equal(SandboxEvent.RestoreFailed, failed.History[^1].On);
        Assert.Contains(reason, failed.Reason, StringComparison.Ordinal);
        Assert.Equal((SandboxPhase.ImagePull, PhaseStatus.Failed), (failed.Phases[0].Name, failed.Phases[0].Status));
        await File.WriteAllBytesAsync(file, good);
        Assert.Equal("ok\n", await _worker.ExecAsync((await RestoreAsync(failed)).Id, "echo ok"));
    }

    [NeedsDockerTheory]
    [InlineData("down")]
    [InlineData("image")]
    [InlineData("log")]
    [InlineData("volume")]
    public async Task Archive_ThatCannotBeMade_KeepsTheContainerAndSaysWhy(string why)
    {
        if (why is "image" or "log")
        {
            (_maxImage, _maxLog) = why is "image" ? ("10k", "16g") : ("16g", "4");
            await _worker.DisposeAsync();
            await StartWorkerAsync();
        }

        var running = await _worker.RunAsync(
            why is "volume" ? Prepare() with { Spec = Prepare().Spec with { Image = await VolumeImageAsync() } } : Prepare());
        await _worker.ExecAsync(running.Id, "echo kept > /kept; echo said > /proc/1/fd/1");
        if (why is "down")
        {
            _archives.Before = (verb, _) => verb is "put" ? throw new ArchiveStoreException("the store is full") : Task.CompletedTask;
        }

        await StopAsync(running);
        Assert.True((await _worker.Sandboxes.ArchiveAsync(running.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        var failed = await _worker.UntilAsync(running.Id, now => now.State is SandboxState.Stopped, "stopped again");

        Assert.Equal(SandboxEvent.ArchiveFailed, failed.History[^1].On);
        Assert.Contains(
            why switch { "down" => "the store is full", "volume" => "has a volume at /vol", _ => $"the {why} is larger than the limit" },
            failed.Reason, StringComparison.Ordinal);
        await WorkerHost.UntilAsync(() => FilesInStore().Count == 0, "what was put away before is discarded");
        await AssertNoImageAsync(failed);
        var again = await RestoreAsync(failed);
        Assert.Equal((running.Incarnation, "kept\n"), (again.Incarnation, await _worker.ExecAsync(again.Id, "cat /kept")));
    }

    [NeedsDockerFact]
    public async Task ArchiveAndRestore_OnANodeWhoseDiskIsFull_FailAndLoseNothing()
    {
        var running = await _worker.RunAsync(Prepare());
        await _worker.ExecAsync(running.Id, "echo kept > /kept");
        _free = 0;
        await StopAsync(running);
        Assert.True((await _worker.Sandboxes.ArchiveAsync(running.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        var failed = await _worker.UntilAsync(running.Id, now => now.State is SandboxState.Stopped, "stopped again");
        Assert.Contains("left for it on the disk of this node", failed.Reason, StringComparison.Ordinal);

        _free = long.MaxValue;
        Assert.True((await _worker.Sandboxes.ArchiveAsync(running.Id, CancellationToken.None)).TryGet(out _, out error), error?.Text);
        var archived = await _worker.UntilAsync(running.Id, now => now.State is SandboxState.Archived, "archived");
        Assert.True(archived.Archive is { UnpackedBytes: > 0 }, $"what a restore takes was to be noted: {archived.Archive}");
        await UntilGoneAsync();

        _free = 0;
        Assert.True((await _worker.Sandboxes.RestartAsync(running.Id, CancellationToken.None)).TryGet(out _, out error), error?.Text);
        failed = await _worker.UntilAsync(running.Id, now => now.State is SandboxState.Archived, "archived again");
        Assert.Contains("left for it on the disk of this node", failed.Reason, StringComparison.Ordinal);

        _free = long.MaxValue;
        Assert.Equal("kept\n", await _worker.ExecAsync((await RestoreAsync(failed)).Id, "cat /kept"));
    }

    [NeedsDockerFact]
    public async Task Archive_OfAFileWithAHugeHole_FailsBeforeAnythingIsWritten()
    {
        var running = await _worker.RunAsync(Prepare());
        await _worker.ExecAsync(running.Id, "echo kept > /kept; truncate -s 1024G /hole");
        await StopAsync(running);

        Assert.True((await _worker.Sandboxes.ArchiveAsync(running.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        var failed = await _worker.UntilAsync(running.Id, now => now.State is SandboxState.Stopped, "stopped again");

        Assert.Matches("^the image is larger than the limit of .*without the holes in its files$", failed.Reason);
        Assert.Equal("kept\n", await _worker.ExecAsync((await RestoreAsync(failed)).Id, "rm /hole; cat /kept"));
    }

    [NeedsDockerFact]
    public async Task Delete_OfAnArchivedSandbox_IsRepeatedUntilTheStoreHasDoneIt()
    {
        var archived = await ArchiveAsync(await _worker.RunAsync(Prepare()));
        var refusals = 2;
        _archives.Before = (verb, _) =>
            verb is "delete" && refusals-- > 0 ? throw new ArchiveStoreException("not now") : Task.CompletedTask;

        Assert.True(
            (await _worker.Sandboxes.DeleteAsync(archived.Id, CancellationToken.None)).TryGet(out var deleted, out var error), error?.Text);

        Assert.Equal(SandboxState.Deleted, deleted.State);
        await WorkerHost.UntilAsync(() => FilesInStore().Count == 0, "the store is empty");
        Assert.True(refusals < 0, "the store was to refuse twice");
    }

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        await _cluster.DisposeAsync();
        if (DockerEngine.WhyMissing is null)
        {
            // Where a test ends with a restored sandbox, nothing else removes its image.
            await Task.WhenAll(_images.Select(image => DockerEngine.DeleteAsync($"images/{image}", CancellationToken.None)));
        }

        _data.Dispose();
        _store.Dispose();
    }

    private static SandboxInstance Prepare()
    {
        var prepared = WorkerHost.Prepare("box", DeploymentKind.Docker, BaseImage);
        return prepared with { Spec = prepared.Spec with { Network = NetworkMode.None, MemoryBytes = 128 << 20, Cpus = 0.5 } };
    }

    private const string BaseImage = "sandbox-test-archive:latest";

    /// <summary>An image with something to remove, to make anew and to change.</summary>
    private static async Task BuildAsync(string tag, string lines)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("Dockerfile"), $"FROM {DockerTestImage.Name}\n{lines}\n");
        var error = await ImageBuilder.BuildAsync("", folder.Path, tag, new Progress<string>(), CancellationToken.None);
        Assert.True(error is null, error?.Text);
    }

    private static async Task<string> VolumeImageAsync()
    {
        await BuildAsync("sandbox-test-volume:latest", "VOLUME /vol");
        return "sandbox-test-volume:latest";
    }

    private async Task StartWorkerAsync()
    {
        await BuildAsync(
            BaseImage, "RUN mkdir -p /etc/remade && echo old > /etc/remade/old && echo 1 > /etc/removed && echo 1 > /etc/kept");
        _archives = new TestArchives();
        _worker = await WorkerHost.StartAsync(
            _data.Path,
            services =>
            {
                services.Configure<ArchiveOptions>(
                    set => (set.Store, set.Folder, set.MaxImage, set.MaxLog) = ("folder", _store.Path, _maxImage, _maxLog));
                var real = services.Last(service => service.ServiceType == typeof(IArchiveStore)).ImplementationFactory!;
                services.AddSingleton<IArchiveStore>(provider =>
                {
                    _archives.Inner = (IArchiveStore)real(provider);
                    return _archives;
                });
                services.AddSingleton(provider => new ArchiveSpace(
                    provider.GetRequiredService<EngineConnection>(), provider.GetRequiredService<ArchiveFiles>(),
                    provider.GetRequiredService<IOptions<ArchiveOptions>>(), provider.GetRequiredService<IOptions<WorkerOptions>>())
                { Free = folder => Math.Min(_free, new DriveInfo(folder).AvailableFreeSpace) });
            },
            ("Deployment", "docker"), ("ClusterId", _cluster.ClusterId), ("AgentFolder", NativeAgent.Folder));
    }

    private List<string> FilesInStore() => [.. Directory.EnumerateFiles(_store.Path, "*", SearchOption.AllDirectories)];

    private async Task StopAsync(SandboxInstance running)
    {
        _images.Add(ArchiveFiles.ImageTag(running.Incarnation));
        Assert.True(
            (await _worker.Sandboxes.StopAsync(running.Id, StopReason.Asked, CancellationToken.None)).TryGet(out _, out var error),
            error?.Text);
    }

    private async Task StopAndDeleteAsync(SandboxInstance running)
    {
        await StopAsync(running);
        Assert.True((await _worker.Sandboxes.DeleteAsync(running.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
    }

    private async Task<SandboxInstance> ArchiveAsync(SandboxInstance running)
    {
        await StopAsync(running);
        Assert.True((await _worker.Sandboxes.ArchiveAsync(running.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        var archived = await _worker.UntilAsync(
            running.Id, now => now.State is SandboxState.Archived || now.Reason is not null, "archived");
        Assert.True(archived.State is SandboxState.Archived, archived.Reason);
        await UntilGoneAsync();
        return archived;
    }

    private async Task UntilGoneAsync()
    {
        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        while ((await _cluster.ContainersAsync(limit.Token)).Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }

    private async Task<SandboxInstance> RestoreAsync(SandboxInstance resting)
    {
        Assert.True((await _worker.Sandboxes.RestartAsync(resting.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        var record = await _worker.UntilAsync(resting.Id, now => now.State is not SandboxState.Pending, "running");
        Assert.True(record.State is SandboxState.Running, record.Reason);
        return record;
    }

    private static async Task AssertNoImageAsync(SandboxInstance record) =>
        Assert.True(
            await DockerEngine.GetAsync($"images/{ArchiveFiles.ImageTag(record.Incarnation)}/json", CancellationToken.None) is null,
            "the image of an archive must not stay on the node that made it");

    private static async Task DamageAsync(string file, string how)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^100] ^= 1;
        await (how switch
        {
            "gone" => Task.Run(() => File.Delete(file)),
            "shorter" => File.WriteAllBytesAsync(file, bytes[..^10]),
            "longer" => File.WriteAllBytesAsync(file, [.. bytes, 1]),
            _ => File.WriteAllBytesAsync(file, bytes),
        });
    }
}
