using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Caching;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Caching;

/// <summary>Over the real store and the real wake-ups.</summary>
public sealed class SandboxRecordCacheTests : IAsyncDisposable
{
    private static readonly SandboxId Id = SandboxId.Parse("box");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly TempFolder _folder = new();
    private readonly ServiceProvider _stores;
    private readonly SandboxRecordCache _cache;

    public SandboxRecordCacheTests()
    {
        _stores = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()).AddLogging().AddMetrics()
            .AddStandaloneStorage(_folder.File("sandboxes.db")).BuildServiceProvider();
        _cache = new SandboxRecordCache(
            _stores.GetRequiredService<ISandboxStore>(), _stores.GetRequiredService<IChangeFeed>(), _time);
    }

    public async ValueTask DisposeAsync()
    {
        _cache.Dispose();
        await _stores.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Sandbox_LookedUp_IsKnownUntilItsRecordChanges()
    {
        await GivenAsync();
        Assert.Null(_cache.Find(Id));

        var read = await LookUpAsync();
        var before = _cache.Find(Id);
        _stores.GetRequiredService<IChangeFeed>().Publish(Id);

        Assert.Equal(("red", SandboxState.Running, "w1"), (read?.Tenant, read?.State, read?.Node));
        Assert.Same(read, before);
        Assert.Null(_cache.Find(Id));
    }

    [Fact]
    public async Task Sandbox_OfWhoseChangeNobodyTold_IsNotKnownForLong()
    {
        await GivenAsync();
        await LookUpAsync();

        _time.Advance(SandboxRecordCache.KeepFor - TimeSpan.FromMilliseconds(1));
        var before = _cache.Find(Id);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.NotNull(before);
        Assert.Null(_cache.Find(Id));
    }

    [Fact]
    public async Task Sandbox_Forgotten_IsUnknown_ButNotWhatWasReadSince()
    {
        await GivenAsync();
        var first = await LookUpAsync();
        _cache.Forget(first!);
        Assert.Null(_cache.Find(Id));

        var second = await LookUpAsync();
        _cache.Forget(first!);

        Assert.Same(second, _cache.Find(Id));
    }

    [Fact]
    public async Task Sandbox_ThatIsNotThere_IsNotRememberedAsMissing()
    {
        var before = await LookUpAsync();
        await GivenAsync();

        Assert.Null(before);
        Assert.NotNull(await LookUpAsync());
    }

    private Task<KnownSandbox?> LookUpAsync() => _cache.LookUpAsync(Id, TestContext.Current.CancellationToken);

    private async Task GivenAsync()
    {
        var box = new SandboxInstance
        {
            Id = Id,
            Version = 1,
            State = SandboxState.Running,
            Incarnation = IncarnationId.New(),
            CreatedAt = _time.GetUtcNow(),
            Tenant = "red",
            HostName = "w1",
            Spec = SandboxSpec.FromFlatFields(DeploymentKind.Docker, "image", cpus: 1, memoryBytes: 1 << 30, diskBytes: null),
        };
        var job = new StartSandboxJob { SandboxId = Id, SandboxVersion = 1, Incarnation = box.Incarnation };
        var created = await _stores.GetRequiredService<ISandboxStore>().TryCreateAsync(box, job, TestContext.Current.CancellationToken);
        Assert.True(created.TryGet(out _, out var error), error?.Text);
    }
}
