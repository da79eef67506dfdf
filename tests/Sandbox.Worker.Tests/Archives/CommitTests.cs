using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Archives;

/// <summary>Commits of a real container, kept on the engine or pushed to a registry that asks for a password.</summary>
public sealed class CommitTests : IAsyncLifetime
{
    private readonly TempFolder _data = new();
    private readonly DockerCluster _cluster = new();
    private readonly List<string> _images = [];
    private WorkerHost _worker = null!;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            NativeAgent.Need();
            await DockerTestImage.EnsureAsync();
            _worker = await WorkerHost.StartAsync(
                _data.Path, null, ("Deployment", "docker"), ("ClusterId", _cluster.ClusterId), ("AgentFolder", NativeAgent.Folder));
        }
    }

    [NeedsDockerFact]
    public async Task Commit_UnderALocalName_IsAnImageWithItsFiles()
    {
        var running = await _worker.RunAsync(Prepare("box"));
        await _worker.ExecAsync(running.Id, "echo committed > /made");
        var tag = Named($"sandbox-test-commit:{running.Incarnation}");

        var ended = await CommitAsync(running, tag, null);

        Assert.Equal((CommitPhase.Succeeded, 0, null), (ended.Phase, ended.ExitCode, ended.ErrorCode));
        var second = await _worker.RunAsync(Prepare("other", tag));
        Assert.Equal("committed\n", await _worker.ExecAsync(second.Id, "cat /made"));
        Assert.Equal("on\n", await _worker.ExecAsync(running.Id, "echo on"));
        await DockerEngine.RemoveContainerAsync(ContainerName.Of(second.Incarnation, new WorkerOptions()), CancellationToken.None);
    }

    [NeedsDockerTheory]
    [InlineData("right", CommitPhase.Succeeded, 0, null, null)]
    [InlineData("wrong", CommitPhase.Failed, 11, "login", "LOGIN_FAILED")]
    public async Task Commit_UnderARegistrysName_IsPushedWithThePasswordOfTheRequest(
        string password, CommitPhase phase, int exitCode, string? stage, string? code)
    {
        TestRegistry.Need();
        await using var registry = await TestRegistry.StartAsync();
        var running = await _worker.RunAsync(Prepare("box"));
        var tag = Named($"{registry.Name}/team/made:1");

        var ended = await CommitAsync(running, tag, password);

        Assert.True((phase, exitCode, stage, code) == (ended.Phase, ended.ExitCode, ended.FailedStage, ended.ErrorCode), $"{ended}");
        Assert.Equal(phase is CommitPhase.Succeeded, await registry.HasAsync("team/made", "1"));
    }

    [NeedsDockerTheory]
    [InlineData("UPPER:1", "COMMIT_FAILED")]
    [InlineData("localhost:1/nobody/listens:1", "PUSH_FAILED")]
    public async Task Commit_ThatCannotBeMade_FailsWithItsCode(string tag, string code)
    {
        var running = await _worker.RunAsync(Prepare("box"));

        var ended = await CommitAsync(running, Named(tag), null);

        Assert.True((CommitPhase.Failed, code) == (ended.Phase, ended.ErrorCode), $"{ended}");
        Assert.NotNull(ended.ErrorMessage);
    }

    [NeedsDockerFact]
    public async Task Commit_OfAContainerThatIsGone_SaysSo()
    {
        var running = await _worker.RunAsync(Prepare("box"));
        Assert.True((await _worker.Sandboxes.StopAsync(running.Id, StopReason.Asked, CancellationToken.None)).TryGet(out _, out _));
        await DockerEngine.RemoveContainerAsync(ContainerName.Of(running.Incarnation, new WorkerOptions()), CancellationToken.None);

        var ended = await CommitAsync(running, Named("sandbox-test-commit:gone"), null);

        Assert.True((CommitPhase.Failed, "SANDBOX_CONTAINER_NOT_FOUND") == (ended.Phase, ended.ErrorCode), $"{ended}");
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
            await Task.WhenAll(_images.Select(image => DockerEngine.DeleteAsync($"images/{image}", CancellationToken.None)));
        }

        _data.Dispose();
    }

    private static SandboxInstance Prepare(string id, string image = DockerTestImage.Name)
    {
        var prepared = WorkerHost.Prepare(id, DeploymentKind.Docker, image);
        return prepared with { Spec = prepared.Spec with { Network = NetworkMode.None, MemoryBytes = 128 << 20, Cpus = 0.5 } };
    }

    private string Named(string image)
    {
        _images.Add(image);
        return image;
    }

    private async Task<SandboxCommit> CommitAsync(SandboxInstance record, string tag, string? password)
    {
        var begun = await _worker.Sandboxes.CommitAsync(record.Id, tag, password is null ? null : "u", password, CancellationToken.None);
        Assert.True(begun.TryGet(out var commit, out var error), error?.Text);
        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        while (commit.Phase is CommitPhase.Running)
        {
            Assert.False(limit.IsCancellationRequested, $"the commit was to end; it is {commit}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
            commit = (await _worker.Get<ICommitStore>().FindAsync(record.Id, CancellationToken.None))!;
        }

        return commit;
    }
}
