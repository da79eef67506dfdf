using System.Text.Json.Nodes;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Docker;
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

    /// <summary>Started by an engine alone it does what the image did, and it is no sandbox to a sweep.</summary>
    [NeedsDockerFact]
    public async Task Commit_OfAnImageWithAConfiguration_KeepsItAndHasNoneOfOurs()
    {
        var origin = $"sandbox-test-commit-origin-{Guid.NewGuid():N}:1";
        await using var image = await TestImage.WithAsync(
            origin,
            $"FROM {DockerTestImage.Name}\nENV A=b\nLABEL theirs=kept sandbox.aspire/remove-image=busybox\nWORKDIR /tmp\nUSER 1000\n"
                + "ENTRYPOINT [\"/bin/echo\"]\nCMD [\"hello\"]\n", CancellationToken.None);
        var running = await _worker.RunAsync(Prepare("box", origin));
        var tag = Named($"sandbox-test-commit:{running.Incarnation}");

        var ended = await CommitAsync(running, tag, null);

        Assert.True(ended.Phase is CommitPhase.Succeeded, $"{ended}");
        var (before, after) = (await ConfigOfAsync(origin), await ConfigOfAsync(tag));
        Assert.All(
            ["Entrypoint", "Cmd", "User", "WorkingDir", "Env"],
            what => Assert.Equal((what, before[what]!.ToJsonString()), (what, after[what]?.ToJsonString() ?? "")));
        // The first is the test image's own.
        Assert.Equal(["sandbox.aspire/busybox", "theirs"], after["Labels"]!.AsObject().Select(label => label.Key).Order());
        Assert.Equal("kept", (string?)after["Labels"]!["theirs"]);
    }

    [NeedsDockerFact]
    public async Task Commit_OfASandboxWithAVolume_SaysThatItsFilesAreNotInTheImage()
    {
        var origin = $"sandbox-test-commit-volume-{Guid.NewGuid():N}:1";
        await using var image = await TestImage.WithAsync(
            origin, $"FROM {DockerTestImage.Name}\nVOLUME /data\n", CancellationToken.None);
        var running = await _worker.RunAsync(Prepare("box", origin));
        await _worker.ExecAsync(running.Id, "echo lost > /data/file");

        var ended = await CommitAsync(running, Named($"sandbox-test-commit:{running.Incarnation}"), null);

        Assert.Equal(
            (CommitPhase.Succeeded, 0, null, "what is in its volumes is not in the image: /data"),
            (ended.Phase, ended.ExitCode, ended.ErrorCode, ended.ErrorMessage));
    }

    [NeedsDockerFact]
    public async Task Commit_UnderTheNameOfAnotherImage_IsRefused_AndUnderThatOfAnEarlierCommitReplacesIt()
    {
        var name = $"sandbox-test-commit-other-{Guid.NewGuid():N}:1";
        await using var image = await TestImage.WithAsync(
            name, $"FROM {DockerTestImage.Name}\nLABEL only=here\n", CancellationToken.None);
        var running = await _worker.RunAsync(Prepare("box"));
        var own = Named($"sandbox-test-commit:{running.Incarnation}");

        var refused = await CommitAsync(running, name, null);
        Assert.Equal(
            (CommitPhase.Failed, "COMMIT_FAILED", $"there is another image docker.io/library/{name}, which is not replaced"),
            (refused.Phase, refused.ErrorCode, refused.ErrorMessage));
        Assert.Equal("here", (string?)(await ConfigOfAsync(name))["Labels"]!["only"]);

        Assert.Equal(CommitPhase.Succeeded, (await CommitAsync(running, own, null)).Phase);
        await _worker.ExecAsync(running.Id, "echo again > /made");
        Assert.Equal(CommitPhase.Succeeded, (await CommitAsync(running, own, null)).Phase);
        var second = await _worker.RunAsync(Prepare("other", own));
        Assert.Equal("again\n", await _worker.ExecAsync(second.Id, "cat /made"));
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
        Assert.Null(await DockerEngine.GetAsync($"images/{tag}/json", CancellationToken.None));
        Assert.Empty(await _cluster.CommitsAsync(CancellationToken.None));
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

    private static async Task<JsonNode> ConfigOfAsync(string image) =>
        (await DockerEngine.GetAsync($"images/{image}/json", CancellationToken.None))!["Config"]!;

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
