using System.IO.Compression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Maintenance;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Maintenance;
using Sandbox.Storage.Archives;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Maintenance;

/// <summary>Logs of stopped sandboxes in the archive store, by a whole worker.</summary>
public sealed class SandboxLogArchiveTests : LocalWorkerTests
{
    private readonly TempFolder _archives = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public override async ValueTask InitializeAsync() => await StartWorkerAsync(services => services
        .Configure<ArchiveOptions>(options => (options.Store, options.Folder) = ("folder", _archives.Path))
        .Configure<MaintenanceOptions>(options => options.LogArchiveAfter = TimeSpan.Zero));

    [Fact]
    public async Task Log_OfAStoppedSandbox_IsStoredOnce_AndOneOfARunningSandboxIsNot()
    {
        var (stopped, running) = (
            await Worker.RunAsync(WorkerHost.Prepare("stopped")), await Worker.RunAsync(WorkerHost.Prepare("running")));
        await StopAsync(stopped);
        await File.WriteAllTextAsync(FolderOf(stopped.Incarnation).LogFile, "what it said\n", Token);

        var (first, second) = (await RunAsync("a"), await RunAsync("b"));

        Assert.Equal((MaintenanceRun.Succeeded, "stored the logs of 1 sandboxes"), (first.State, first.Message));
        Assert.Equal("stored the logs of 0 sandboxes", second.Message);
        Assert.Equal("what it said\n", await ReadAsync(SandboxLogArchiveTask.KeyOf(stopped)));
        Assert.False(
            await Worker.Get<IArchiveStore>().ExistsAsync(SandboxLogArchiveTask.KeyOf(running), Token), "a running sandbox's log grows on");
    }

    [Fact]
    public async Task Log_OfASandboxThatWasStoppedAMomentAgo_Waits()
    {
        Worker.Get<IOptionsMonitor<MaintenanceOptions>>().CurrentValue.LogArchiveAfter = TimeSpan.FromDays(3);
        await StopAsync(await Worker.RunAsync(WorkerHost.Prepare("box")));

        Assert.Equal("stored the logs of 0 sandboxes", (await RunAsync("a")).Message);
    }

    private Task<MaintenanceRun> RunAsync(string id) => Worker.Get<NodeMaintenance>().RunHereAsync(
        new MaintenanceOrder(id, MaintenanceTasks.SandboxLogArchive, []) { WaitsForEnd = true }, Token);

    private async Task StopAsync(SandboxInstance sandbox) => Assert.True(
        (await Worker.Sandboxes.StopAsync(sandbox.Id, StopReason.Asked, Token)).TryGet(out _, out var error), error?.Text);

    private async Task<string> ReadAsync(string key)
    {
        var packed = new MemoryStream();
        Assert.True(await Worker.Get<IArchiveStore>().TryGetAsync(key, packed, Token), $"there is no {key}");
        packed.Position = 0;
        using var text = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        return await text.ReadToEndAsync(Token);
    }
}
