using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Archives;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>
/// C18, M1: on an engine that maps users, root in a container is a user of this machine without rights, to whom the owner's socket has
/// to be given. A whole life of a sandbox on such an engine, which is costly to start, in one test.
/// </summary>
public sealed class UserNamespaceTests : IAsyncLifetime
{
    private readonly TempFolder _data = new(), _store = new();
    private WorkerHost? _worker;

    private WorkerHost Worker => _worker!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await (_worker?.DisposeAsync() ?? ValueTask.CompletedTask);
        _data.Dispose();
        _store.Dispose();
    }

    [NeedsPrivateEngineFact]
    public async Task Sandbox_OfAnEngineThatMapsUsers_LivesAWholeLife()
    {
        Assert.SkipWhen(PrivateEngine.WhyNoUserNamespaces is not null, PrivateEngine.WhyNoUserNamespaces ?? "");
        NativeAgent.Need();
        await using var engine = await PrivateEngine.StartAsync(liveRestore: false, mapsUsers: true);
        try
        {
            await StartWorkerAsync(engine);
            var running = await Worker.RunAsync(Prepare("box"));

            var root = await RootOnTheMachineAsync(running);
            Assert.True(root > 0, "root in the container was to be another user of the machine than root");
            Assert.Contains(
                string.Create(CultureInfo.InvariantCulture, $"in a user namespace (its root is user {root} of the machine)"),
                running.Phases.Single(phase => phase.Name == SandboxPhase.DockerRun).Message, StringComparison.Ordinal);
            Assert.Equal("0\n", await Worker.ExecAsync(running.Id, "id -u; echo made > /made"));

            // The next process of the node listens on a socket of its own in the same folder.
            await Worker.CrashAsync();
            await StartWorkerAsync(engine);
            Assert.Equal("made\n", await Worker.ExecAsync(running.Id, "cat /made"));

            await StopAsync(running);
            await RestartAsync(running);
            Assert.Equal("made\n", await Worker.ExecAsync(running.Id, "cat /made"));

            await CommitAsync(running, "kept:1");
            var second = await Worker.RunAsync(Prepare("other", "kept:1"));
            Assert.Equal("0 made\n", await Worker.ExecAsync(second.Id, "echo $(stat -c %u /made) $(cat /made)"));

            await StopAsync(running);
            Assert.True(
                (await Worker.Sandboxes.ArchiveAsync(running.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
            var archived = await Worker.UntilAsync(
                running.Id, now => now.State is SandboxState.Archived || now.Reason is not null, "archived");
            Assert.True(archived.State is SandboxState.Archived, archived.Reason);
            await RestartAsync(running);
            Assert.Equal("0 made\n", await Worker.ExecAsync(running.Id, "echo $(stat -c %u /made) $(cat /made)"));
        }
        finally
        {
            // Before its engine.
            await (_worker?.DisposeAsync() ?? ValueTask.CompletedTask);
            _worker = null;
        }
    }

    private static SandboxInstance Prepare(string id, string image = DockerTestImage.Name)
    {
        var prepared = WorkerHost.Prepare(id, DeploymentKind.Docker, image);
        return prepared with { Spec = prepared.Spec with { Network = NetworkMode.None, MemoryBytes = 128 << 20, Cpus = 0.5 } };
    }

    private async Task StartWorkerAsync(PrivateEngine engine) => _worker = await WorkerHost.StartAsync(
        _data.Path,
        services => services.Configure<ArchiveOptions>(set => (set.Store, set.Folder) = ("folder", _store.Path)),
        ("Deployment", "docker"), ("DockerHost", $"unix://{engine.Socket}"), ("AgentFolder", NativeAgent.Folder),
        ("UserNamespaces", "required"));

    /// <summary>The second number of the map: who the first user of the container is outside.</summary>
    private async Task<long> RootOnTheMachineAsync(SandboxInstance running) => long.Parse(
        (await Worker.ExecAsync(running.Id, "cat /proc/self/uid_map")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    private async Task StopAsync(SandboxInstance running) => Assert.True(
        (await Worker.Sandboxes.StopAsync(running.Id, StopReason.Asked, CancellationToken.None)).TryGet(out _, out var error), error?.Text);

    private async Task RestartAsync(SandboxInstance resting)
    {
        Assert.True((await Worker.Sandboxes.RestartAsync(resting.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        var record = await Worker.UntilAsync(resting.Id, now => now.State is not SandboxState.Pending, "running");
        Assert.True(record.State is SandboxState.Running, record.Reason);
    }

    private async Task CommitAsync(SandboxInstance running, string tag)
    {
        Assert.True(
            (await Worker.Sandboxes.CommitAsync(running.Id, tag, null, null, CancellationToken.None)).TryGet(out var commit, out var error),
            error?.Text);
        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        while (commit.Phase is CommitPhase.Running)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, limit.Token);
            commit = (await Worker.Get<ICommitStore>().FindAsync(running.Id, CancellationToken.None))!;
        }

        Assert.True(commit.Phase is CommitPhase.Succeeded, $"the commit was to succeed: {commit.ErrorMessage}");
    }
}
