using Microsoft.Extensions.DependencyInjection;
using Sandbox.Deployments.Archives;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Storage.Archives;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Archives;

/// <summary>Out of a real engine into a registry that asks for a password, and back. The engine forgets the image in between, as
/// another node's engine never knew it.</summary>
public sealed class RegistryArchiveTests : IAsyncLifetime
{
    private const string Team = "team/archives";

    private readonly TempFolder _data = new();
    private readonly DockerCluster _cluster = new();
    private TestRegistry? _registry;
    private WorkerHost? _worker;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            TestRegistry.Need();
            NativeAgent.Need();
            await DockerTestImage.EnsureAsync();
            _registry = await TestRegistry.StartAsync();
        }
    }

    [NeedsDockerFact]
    public async Task Archive_ThenRestore_GivesBackTheSameTree_AndLeavesNothing()
    {
        var worker = await StartWorkerAsync("right");
        var running = await worker.RunAsync(Prepare());
        await SandboxTree.FillAsync(running);
        await worker.ExecAsync(running.Id, "echo said > /proc/1/fd/1");
        var before = await SandboxTree.HashAsync(running);

        var archived = await ArchiveAsync(worker, running, SandboxState.Archived);

        var tag = running.Incarnation.ToString();
        Assert.Equal((true, true), (await _registry!.HasAsync(Team, tag), await _registry.HasAsync(Team, $"{tag}-log")));
        Assert.Equal($"{_registry.Name}/{Team}@{archived.Archive!.Digest}", archived.Archive.Location);
        await Wait.UntilAsync(
            async () => (await _cluster.ContainersAsync(CancellationToken.None)).Count == 0, () => "the container has gone");
        await AssertNoImageAsync(
            ArchiveFiles.ImageTag(running.Incarnation), $"{_registry.Name}/{Team}:{tag}", $"{_registry.Name}/{Team}:{tag}-log",
            archived.Archive.ImageId);

        Assert.True((await worker.Sandboxes.RestartAsync(running.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        var restored = await worker.UntilAsync(running.Id, now => now.State is not SandboxState.Pending, "running");

        Assert.True(restored.State is SandboxState.Running, restored.Reason);
        Assert.Equal(before, await SandboxTree.HashAsync(restored));
        await Wait.UntilAsync(
            async () => !await _registry.HasAsync(Team, tag) && !await _registry.HasAsync(Team, $"{tag}-log"), () =>
                "the archive is discarded once the sandbox runs");
        Assert.True(
            (await worker.Sandboxes.StopAsync(restored.Id, StopReason.Asked, CancellationToken.None)).TryGet(out _, out error),
            error?.Text);
        Assert.True((await worker.Sandboxes.DeleteAsync(restored.Id, CancellationToken.None)).TryGet(out _, out error), error?.Text);
        await AssertNoImageAsync(archived.Archive.ImageId);
    }

    [NeedsDockerFact]
    public async Task Archive_ThatTheRegistryRefuses_KeepsTheContainerAndLeavesNoImage()
    {
        var worker = await StartWorkerAsync("wrong");
        var running = await worker.RunAsync(Prepare());

        var failed = await ArchiveAsync(worker, running, SandboxState.Stopped);

        Assert.Equal(SandboxEvent.ArchiveFailed, failed.History[^1].On);
        Assert.Contains("auth", failed.Reason, StringComparison.Ordinal);
        Assert.Single(await _cluster.ContainersAsync(CancellationToken.None));
        var tag = running.Incarnation.ToString();
        await AssertNoImageAsync(
            ArchiveFiles.ImageTag(running.Incarnation), $"{_registry!.Name}/{Team}:{tag}", $"{_registry.Name}/{Team}:{tag}-log");
    }

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        await _cluster.DisposeAsync();
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }

        _data.Dispose();
    }

    private static SandboxInstance Prepare()
    {
        var prepared = WorkerHost.Prepare("box", DeploymentKind.Docker, DockerTestImage.Name);
        return prepared with { Spec = prepared.Spec with { Network = NetworkMode.None, MemoryBytes = 128 << 20, Cpus = 0.5 } };
    }

    private async Task<WorkerHost> StartWorkerAsync(string password) => _worker = await WorkerHost.StartAsync(
        _data.Path,
        services => services.Configure<ArchiveOptions>(set =>
            (set.Store, set.Repository, set.User, set.Password, set.UseTls) =
                ("registry", $"{_registry!.Name}/{Team}", "u", password, false)),
        ("Deployment", "docker"), ("ClusterId", _cluster.ClusterId), ("AgentFolder", NativeAgent.Folder));

    private static async Task<SandboxInstance> ArchiveAsync(WorkerHost worker, SandboxInstance running, SandboxState expected)
    {
        Assert.True(
            (await worker.Sandboxes.StopAsync(running.Id, StopReason.Asked, CancellationToken.None)).TryGet(out _, out var error),
            error?.Text);
        Assert.True((await worker.Sandboxes.ArchiveAsync(running.Id, CancellationToken.None)).TryGet(out _, out error), error?.Text);
        var ended = await worker.UntilAsync(running.Id, now => now.State is not SandboxState.Archiving, "no longer archiving");
        Assert.True(ended.State == expected, $"it was to be {expected}, and is {ended.State}: {ended.Reason}");
        return ended;
    }

    private static async Task AssertNoImageAsync(params string[] images)
    {
        foreach (var image in images)
        {
            Assert.True(
                await DockerEngine.GetAsync($"images/{image}/json", CancellationToken.None) is null, $"the engine was to keep no {image}");
        }
    }
}
