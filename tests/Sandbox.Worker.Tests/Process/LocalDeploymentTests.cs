using Sandbox.Domain.Lifecycle;
using Sandbox.Testing;
using Sandbox.Worker.Agents;
using Sandbox.Worker.Deployments;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Process;

public sealed class LocalDeploymentTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private WorkerHost _worker = null!;

    public async ValueTask InitializeAsync() => _worker = await WorkerHost.StartAsync(_folder.Path);

    [Fact]
    public async Task Sandbox_Started_RunsCommandsInItsOwnFolder()
    {
        var record = await _worker.RunAsync(WorkerHost.Prepare("box"));

        Assert.Equal("hi\n", await _worker.ExecAsync(record.Id, "cd && echo hi > file && cat file"));
        Assert.Equal("hi\n", await File.ReadAllTextAsync(Path.Combine(_worker.Get<SandboxFolders>().LocalWork(record.Incarnation), "home", "file")));
        Assert.All(record.Phases, phase => Assert.Equal(PhaseStatus.Success, phase.Status));
        Assert.Equal("node-1", record.HostName);
        Assert.Null(record.EffectiveDiskBytes);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var found in await Local.ListAsync(CancellationToken.None))
        {
            await Local.EnsureGoneAsync(found.Incarnation, CancellationToken.None);
        }

        await _worker.DisposeAsync();
        _folder.Dispose();
    }

    private IDeployment Local => _worker.Get<DeploymentSet>()[Domain.Specs.DeploymentKind.Local];
}
