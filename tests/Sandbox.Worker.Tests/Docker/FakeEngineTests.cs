using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>Starts on engines that are not at hand.</summary>
public sealed class FakeEngineTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly List<EngineConnection> _connections = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _connections.ForEach(connection => connection.Dispose());
        _folder.Dispose();
    }

    [Theory]
    [InlineData("1.41", "1.12", "1.41")]
    [InlineData("1.44", "1.24", "1.44")]
    [InlineData("1.60", "1.44", "1.47")]
    public async Task Api_IsTheNewestThatBothKnow(string newest, string oldest, string spoken)
    {
        await using var engine = await FakeEngine.StartAsync(RunAsync, newest, oldest);

        await StartAsync(engine, DockerHarness.GivenSandbox());

        Assert.All(
            engine.Calls.Where(call => call.Path.StartsWith("containers", StringComparison.Ordinal)), call =>
                Assert.Equal(spoken, call.Version));
    }

    [Theory]
    [InlineData("1.40", "1.12", "is too old: API 1.40, needed is 1.41.")]
    [InlineData("1.60", "1.50", "is too new: it speaks API 1.50 and later, 1.47 is the newest known here.")]
    public async Task Api_ThatIsNotCommon_FailsTheCheck(string newest, string oldest, string said)
    {
        await using var engine = await FakeEngine.StartAsync(RunAsync, newest, oldest);

        var error = await Deployment(engine).CheckAvailabilityAsync(Token);

        Assert.Equal($"Docker Engine test {said}", Assert.IsType<SandboxError.DockerUnavailable>(error).Reason);
    }

    [Fact]
    public async Task Start_OfAMissingImage_PullsItWithCredentialsForThatOneRequest_AndTellsHowFarItIs()
    {
        var (pulled, told) = (new TaskCompletionSource(), new TaskCompletionSource());
        var present = false;
        await using var engine = await FakeEngine.StartAsync(async (call, response) =>
        {
            if (call.Verb == "POST images/create")
            {
                await response.WriteAsync("""{"status":"Pulling from team/app","id":"1"}{"status":"Pulling fs layer","id":"a"}{"status":"Already exists","id":"b"}""", Token);
                await response.WriteAsync("""{"status":"Downloading","id":"a","progressDetail":{"current":1500000,"total":4000000}}""", Token);
                await response.Body.FlushAsync(Token);
                told.SetResult();
                await pulled.Task;
                await response.WriteAsync("""{"status":"Pull complete","id":"a"}""", Token);
                present = true;
            }
            else if (call.Verb == "GET images/hub.example.com/team/app:2/json" && !present)
            {
                await FakeEngine.RefuseAsync(response, 404, "No such image: hub.example.com/team/app:2");
            }
            else
            {
                await RunAsync(call, response);
            }
        });
        var phases = new RecordedPhases();
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { Image = "hub.example.com/team/app:2", RegistryUsername = "somebody" });

        // The clock is turned until the test has seen what it waits for, and may outrun the engine by hours.
        var deployment = Deployment(engine, silence: TimeSpan.FromDays(7));
        var starting = deployment.EnsureStartedAsync(new StartOrder(sandbox, "registry-secret"), phases, Token);
        await told.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
        await UntilAsync(
            () => phases.Reports.Any(report => report.Message == "pulling: 1 of 2 layers, 1.5 of 4.0 MB"),
            "the phase was to tell layers and bytes");
        pulled.SetResult();
        var started = await starting;

        Assert.True(started.TryGet(out _, out var error), error?.Text);
        Assert.Equal(["image_pull Running", "image_pull Success", "docker_run Running"], phases.Steps.Distinct());
        var pull = Assert.Single(engine.Calls, call => call.Path == "images/create");
        Assert.Equal("?fromImage=hub.example.com%2Fteam%2Fapp&tag=2", pull.Query);
        var auth = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(pull.Auth.Replace('-', '+').Replace('_', '/'))))!;
        Assert.Equal(
            ("somebody", "registry-secret", "hub.example.com"),
            ((string)auth["username"]!, (string)auth["password"]!, (string)auth["serveraddress"]!));
        Assert.DoesNotContain("registry-secret", string.Join('\n', engine.Calls.Where(call => call != pull)), StringComparison.Ordinal);
        Assert.DoesNotContain("registry-secret", new StartOrder(sandbox, "registry-secret").ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"status":"Pulling fs layer","id":"a"}{"status":"Downloading","id":"a","progressDetail":{"current":1,"total":9}}""")]
    public async Task Start_WhoseRegistrySendsNothingMore_FailsInItsPullAndAsksTheEngineToEndIt(string sent)
    {
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var engine = await FakeEngine.StartAsync(async (call, response) =>
        {
            if (call.Verb != "POST images/create")
            {
                await FakeEngine.RefuseAsync(response, 404, "No such image: hub.example.com/app:1");
                return;
            }

            response.HttpContext.RequestAborted.Register(ended.SetResult);
            await response.WriteAsync(sent, Token);
            await response.Body.FlushAsync(Token);
            begun.SetResult();
            await ended.Task;
        });
        var phases = new RecordedPhases();
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { Image = "hub.example.com/app:1" });

        var starting = Deployment(engine).EnsureStartedAsync(new StartOrder(sandbox, null), phases, Token);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
        await UntilAsync(() => starting.IsCompleted, "a pull of which nothing comes was to end by the clock");

        var error = DockerHarness.Failure<SandboxError.StartFailed>(await starting);
        Assert.Equal((SandboxPhase.ImagePull, "the registry sent nothing for 60 s"), (error.Phase, error.Reason));
        Assert.Equal("image_pull Failed", phases.Steps.Last());
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    [Fact]
    public async Task Start_ThatHasToPull_AsksItsNodeFirst_AndOthersDoNot()
    {
        var present = false;
        await using var engine = await FakeEngine.StartAsync((call, response) =>
        {
            present |= call.Verb == "POST images/create";
            return call.Verb == "POST images/create" ? response.WriteAsync("", Token)
                : call.Path.StartsWith("images/", StringComparison.Ordinal) && !present
                    ? FakeEngine.RefuseAsync(response, 404, "No such image")
                    : RunAsync(call, response);
        });
        var (deployment, pulls) = (Deployment(engine), new List<bool>());
        for (var number = 0; number < 2; number++)
        {
            var sandbox = DockerHarness.GivenSandbox(spec => spec with { Image = "hub.example.com/app:1" });
            var order = new StartOrder(sandbox, null)
            {
                BeforePull = _ =>
                {
                    pulls.Add(engine.Calls.Any(call => call.Path == "images/create"));
                    return Task.CompletedTask;
                },
            };
            var started = await deployment.EnsureStartedAsync(order, new RecordedPhases(), Token);
            Assert.True(started.TryGet(out _, out var error), error?.Text);
        }

        Assert.True(pulls is [false], "the first start was to ask once, before its pull, and the second found the image");
    }

    [Fact]
    public async Task Start_OfAnImageWithoutARegistry_SendsCredentialsToNobody()
    {
        await using var engine = await FakeEngine.StartAsync(async (call, response) =>
        {
            await (call.Path == "images/create" ? response.WriteAsync("""{"errorDetail":{"message":"pull access denied"},"error":"pull access denied"}""", Token) : FakeEngine.RefuseAsync(response, 404, "No such image: app:latest"));
        });

        var error = DockerHarness.Failure<SandboxError.StartFailed>(await Deployment(engine).EnsureStartedAsync(
            new StartOrder(
                DockerHarness.GivenSandbox(spec => spec with { Image = "app", RegistryUsername = "somebody" }), "registry-secret"),
                new RecordedPhases(), Token));

        Assert.Equal((SandboxPhase.ImagePull, "pull access denied"), (error.Phase, error.Reason));
        var pull = Assert.Single(engine.Calls, call => call.Path == "images/create");
        Assert.Equal("?fromImage=docker.io%2Flibrary%2Fapp&tag=latest", pull.Query);
        Assert.DoesNotContain("password", Encoding.UTF8.GetString(Convert.FromBase64String(pull.Auth)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithADiskLimitOnXfs_IsMadeWithIt()
    {
        await using var engine = await FakeEngine.StartAsync(RunAsync, filesystem: "xfs");

        var started = await StartAsync(engine, DockerHarness.GivenSandbox(spec => spec with { DiskBytes = 10L << 30 }));

        Assert.Equal(10L << 30, started.EffectiveDiskBytes);
    }

    [Fact]
    public async Task Start_WithADiskLimitOnXfsWithoutQuota_GoesOnWithoutAndRemembersThat()
    {
        await using var engine = await FakeEngine.StartAsync(
            (call, response) => call.Body.Contains("\"StorageOpt\":{", StringComparison.Ordinal)
            ? FakeEngine.RefuseAsync(response, 500, "--storage-opt is supported only for overlay over xfs with 'pquota' mount option")
            : RunAsync(call, response), filesystem: "xfs");
        var deployment = Deployment(engine);

        foreach (var _ in (int[])[1, 2])
        {
            var started = await deployment.EnsureStartedAsync(
                new StartOrder(DockerHarness.GivenSandbox(spec => spec with { DiskBytes = 10L << 30 }), null), new RecordedPhases(), Token);
            Assert.True(started.TryGet(out var value, out var error), error?.Text);
            Assert.Null(value.EffectiveDiskBytes);
        }

        Assert.Equal(3, engine.Calls.Count(call => call.Verb == "POST containers/create"));
    }

    [Fact]
    public async Task KataDisk_IsMadeByTheStart_KeptByAStop_AndRemovedByDelete()
    {
        await using var engine = await FakeEngine.StartAsync(RunAsync);
        var deployment = Deployment(engine);
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { UseKata = true, DiskBytes = 1 << 20 });
        var disk = new FileInfo(_folder.File($"kata/{sandbox.Incarnation}.img"));

        await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        await deployment.EnsureStoppedAsync(sandbox, Token);
        disk.Refresh();
        Assert.Equal(1 << 20, disk.Length);
        var restarted = await deployment.EnsureRestartedAsync(sandbox, new RecordedPhases(), Token);
        Assert.True(restarted.TryGet(out _, out var error), error?.Text);

        await deployment.EnsureGoneAsync(sandbox.Incarnation, Token);
        disk.Refresh();
        Assert.False(disk.Exists, "the disk image was to go with the sandbox");
    }

    [Fact]
    public async Task Restart_OfAKataSandboxWhoseDiskImageIsMissing_AsksTheEngineForNothing()
    {
        await using var engine = await FakeEngine.StartAsync(RunAsync);
        var deployment = Deployment(engine);
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { UseKata = true, DiskBytes = 1 << 20 });
        await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        await deployment.EnsureStoppedAsync(sandbox, Token);
        File.Delete(_folder.File($"kata/{sandbox.Incarnation}.img"));
        var asked = engine.Calls.Count;
        var phases = new RecordedPhases();

        var error = DockerHarness.Failure<SandboxError.StartFailed>(await deployment.EnsureRestartedAsync(sandbox, phases, Token));

        Assert.Equal(
            (SandboxPhase.DockerRun,
                "its disk image is missing, it cannot be started again"),
                (error.Phase, error.Reason));
        Assert.Equal("docker_run Failed", phases.Steps.Last());
        Assert.Equal(asked, engine.Calls.Count);
        Assert.False(
            File.Exists(_folder.File($"kata/{sandbox.Incarnation}.img")),
            "an empty disk image was not to stand in the place of the lost one");
    }

    [Fact]
    public async Task Start_OfAnImageId_AsksTheEngineForNothing()
    {
        await using var engine = await FakeEngine.StartAsync(RunAsync);
        var id = $"sha256:{new string('a', 64)}";

        var error = DockerHarness.Failure<SandboxError.StartFailed>(await Deployment(engine).EnsureStartedAsync(
            new StartOrder(DockerHarness.GivenSandbox(spec => spec with { Image = id }), null), new RecordedPhases(), Token));

        Assert.Equal($"'{id}' reads like the id of an image, or a part of one; say its name, with a tag", error.Reason);
        Assert.Empty(engine.Calls);
    }

    /// <summary>An engine on which everything goes well and nothing is there.</summary>
    private static Task RunAsync(FakeEngine.Call call, HttpResponse response) => call.Verb switch
    {
        "POST containers/create" => FakeEngine.SayAsync(response, 201, new { Id = "c1", Warnings = Array.Empty<string>() }),
        var verb when verb.StartsWith("GET images/", StringComparison.Ordinal) =>
            FakeEngine.SayAsync(response, 200, new { Id = $"sha256:{new string('b', 64)}" }),
        "GET containers/json" => FakeEngine.SayAsync(response, 200, Array.Empty<object>()),
        var verb when verb.EndsWith("/start", StringComparison.Ordinal) || verb.EndsWith("/stop", StringComparison.Ordinal) =>
            NothingAsync(response),
        _ => FakeEngine.RefuseAsync(response, 404, "No such container"),
    };

    private static Task NothingAsync(HttpResponse response)
    {
        response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private async Task<StartedSandbox> StartAsync(FakeEngine engine, SandboxInstance sandbox)
    {
        var started = await Deployment(engine).EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        Assert.True(started.TryGet(out var value, out var error), error?.Text);
        return value;
    }

    private DockerDeployment Deployment(FakeEngine engine, TimeSpan? silence = null)
    {
        var options = new WorkerOptions
        {
            DataFolder = _folder.Path,
            ClusterId = "c",
            NodeName = "n",
            AgentFolder = _folder.Path,
            DockerHost = engine.Address,
            TransferSilence = silence ?? TimeSpan.FromSeconds(60),
        };
        var connection = new EngineConnection(Options.Create(options), _clock);
        _connections.Add(connection);
        return TestDeployment.Of(connection, options, _clock);
    }

    /// <summary>Turns the clock until it is so: the reader of the stream and the clock's tick are not in step.</summary>
    private async Task UntilAsync(Func<bool> reached, string expected)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!reached())
        {
            Assert.False(patience.IsCancellationRequested, expected);
            _clock.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }
    }
}
