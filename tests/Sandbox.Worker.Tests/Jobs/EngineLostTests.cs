using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node.Reconciliation;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Jobs;

/// <summary>An engine that goes away, for a whole worker.</summary>
public sealed class EngineLostTests : IAsyncLifetime
{
    private readonly TempFolder _data = new();
    private readonly DockerCluster _cluster = new();
    private readonly EngineRelay _engine = new();
    private WorkerHost _worker = null!;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            NativeAgent.Need();
            await DockerTestImage.EnsureAsync();
            _worker = await WorkerHost.StartAsync(
                _data.Path, null,
                ("Deployment", "docker"), ("ClusterId", _cluster.ClusterId), ("AgentFolder", NativeAgent.Folder),
                ("DockerHost", _engine.Address));
        }
    }

    [NeedsDockerFact]
    public async Task Start_EngineStopsInTheMiddle_FailsWithThatReasonAndLeavesNothing()
    {
        _engine.Trap("POST", "/containers/create", RelayFault.CutAnswer);
        var record = await _worker.SubmitAsync(Prepare("box"));

        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        var answer = await _worker.Sandboxes.WaitUntilAliveAsync(record.Id, limit.Token);

        Assert.False(answer.TryGet(out _, out var error));
        Assert.StartsWith("Docker is not available. ", Assert.IsType<SandboxError.StartFailed>(error).Reason, StringComparison.Ordinal);
        _engine.Restore();
        while ((await _cluster.ContainersAsync(CancellationToken.None)).Count > 0)
        {
            Assert.False(limit.IsCancellationRequested, "what the engine made unheard was expected to be removed once it answers again");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    [NeedsDockerFact]
    public async Task Running_EngineDoesNotAnswer_IsNotCalledLost()
    {
        var record = await _worker.RunAsync(Prepare("box"));
        _engine.Cut();

        await _worker.Get<Reconciler>().RunAsync(CancellationToken.None);

        Assert.Equal(record.Version, (await _worker.Records.FindAsync(record.Id, CancellationToken.None))?.Version);
        Assert.Equal("1\n", await _worker.ExecAsync(record.Id, "echo 1"));
        _engine.Restore();
    }

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        await _cluster.DisposeAsync();
        await _engine.DisposeAsync();
        _data.Dispose();
    }

    private static SandboxInstance Prepare(string id)
    {
        var prepared = WorkerHost.Prepare(id, DeploymentKind.Docker, DockerTestImage.Name);
        return prepared with { Spec = prepared.Spec with { Network = NetworkMode.None, MemoryBytes = 128 << 20, Cpus = 0.5 } };
    }
}
