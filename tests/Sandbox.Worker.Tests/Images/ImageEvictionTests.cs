using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Images;
using Sandbox.Domain.Policies;
using Sandbox.Node;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Worker.Tests.Docker;

namespace Sandbox.Worker.Tests.Images;

/// <summary>What is removed of an engine whose images take more than they may.</summary>
public sealed class ImageEvictionTests : IAsyncLifetime
{
    private const int Megabyte = 1 << 20;
    private const string Scope = "sandbox-commit/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef";

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<(string Id, string[] Names, long Size, TimeSpan Age)> _present = [];
    private readonly HashSet<string> _used = [];

    // Names that no registry has.
    private readonly HashSet<string> _local = [];
    private readonly List<string> _removed = [];
    private FakeEngine _engine = null!;
    private EngineConnection _connection = null!;
    private ImageLedger _ledger = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IOptions<WorkerOptions> Options => Microsoft.Extensions.Options.Options.Create(
        new WorkerOptions { DataFolder = _folder.Path, DockerHost = _engine.Address, ImageCache = "2m" });

    public async ValueTask InitializeAsync()
    {
        _engine = await FakeEngine.StartAsync(AnswerAsync);
        _connection = new EngineConnection(Options, TimeProvider.System);
        _ledger = new ImageLedger(Options, _clock, NullLogger<ImageLedger>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Dispose();
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Sweep_AboveTheLimit_RemovesWhatWasNotUsedForLongest_UntilItIsBelow()
    {
        GivenPulled("one:1");
        GivenPulled("two:1");
        GivenPulled("three:1");
        GivenPulled("four:1");

        await SweepAsync();

        Assert.Equal(["docker.io/library/one:1", "docker.io/library/two:1"], _removed);
        Assert.Equal(2, _ledger.ByLastUse().Count);
    }

    [Fact]
    public async Task Sweep_BelowTheLimit_RemovesNothing()
    {
        GivenPulled("one:1");
        GivenPulled("two:1");

        await SweepAsync();

        Assert.Empty(_removed);
    }

    [Fact]
    public async Task Sweep_LeavesWhatIsUsed_Shared_OrBroughtByNoStart()
    {
        GivenPulled("used:1");
        _used.Add("docker.io/library/used:1");
        GivenPulled("sandbox-base:latest");
        Given("operators:1", 50 * Megabyte);
        GivenPulled("three:1");

        await SweepAsync();

        Assert.Equal(["docker.io/library/three:1"], _removed);
    }

    /// <summary>One image may have several names.</summary>
    [Fact]
    public async Task Sweep_LeavesAnImageThatTheOperatorHasUnderAnotherName()
    {
        GivenPulled("one:1");
        _present[0] = _present[0] with { Names = ["one:1", "operators:1"] };
        _local.Add("operators:1");
        GivenPulled("two:1");
        GivenPulled("three:1");

        await SweepAsync();

        Assert.Equal(["docker.io/library/two:1"], _removed);
    }

    [Fact]
    public async Task Sweep_RemovesNamesOfCommitsThatAKilledProcessLeft_AndNoCommit()
    {
        Given($"{Scope}/unpushed:1", Megabyte, TimeSpan.FromHours(4));
        Given($"{Scope}/raw:2", Megabyte, TimeSpan.FromHours(4));
        Given($"{Scope}/unpushed:3", Megabyte, TimeSpan.FromMinutes(1));
        Given($"{Scope}/library/victim:1", 50 * Megabyte, TimeSpan.FromHours(4));

        await SweepAsync();

        Assert.Equal([$"{Scope}/unpushed:1", $"{Scope}/raw:2"], _removed);
    }

    /// <summary>Many images are pulled within ten minutes.</summary>
    [Fact]
    public async Task Pull_AboveTheLimit_IsFollowedByASweep()
    {
        foreach (var name in (string[])["one:1", "two:1", "three:1"])
        {
            Given(name, Megabyte);
        }

        using var eviction = Eviction();
        await eviction.StartAsync(Token);
        foreach (var image in _present)
        {
            _ledger.Grant(image.Id, "red", "", wasAbsent: true);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        await Wait.UntilAsync(() => Task.FromResult(_removed.Count > 0), () => "an image is removed");
        await eviction.StopAsync(Token);
        Assert.Equal(["docker.io/library/one:1"], _removed);
    }

    [Fact]
    public async Task Sweep_ForgetsWhatTheEngineHasNoMore()
    {
        GivenPulled("one:1");
        _present.Clear();

        await SweepAsync();

        Assert.Empty(_ledger.ByLastUse());
    }

    private void GivenPulled(string name)
    {
        Given(name, Megabyte);
        _ledger.Grant(_present[^1].Id, "red", "", wasAbsent: true);
        _clock.Advance(TimeSpan.FromMinutes(1));
    }

    private void Given(string name, long size, TimeSpan age = default) =>
        _present.Add(($"sha256:{_present.Count:x64}", [name], size, age));

    private async Task SweepAsync()
    {
        using var eviction = Eviction();
        await eviction.SweepAsync(Token);
    }

    private ImageEviction Eviction() => new(
        _connection, _ledger, Microsoft.Extensions.Options.Options.Create(new ImagePolicy()), Options, _clock,
        NullLogger<ImageEviction>.Instance);

    private Task AnswerAsync(FakeEngine.Call call, HttpResponse response)
    {
        if (call.Verb == "GET images/json")
        {
            return FakeEngine.SayAsync(response, 200, _present.Select(image => new
            {
                image.Id,
                RepoTags = image.Names,
                RepoDigests = image.Names.Where(name => !_local.Contains(name))
                    .Select(name => $"{name.Split(':')[0]}@sha256:{new string('d', 64)}"),
                image.Size,
                Created = (_clock.GetUtcNow() - image.Age).ToUnixTimeSeconds(),
            }));
        }

        var name = Uri.UnescapeDataString(call.Path)["images/".Length..];
        if (_used.Contains(name))
        {
            return FakeEngine.RefuseAsync(response, 409, "container is using its referenced image");
        }

        _removed.Add(name);
        return FakeEngine.SayAsync(response, 200, Array.Empty<object>());
    }
}
