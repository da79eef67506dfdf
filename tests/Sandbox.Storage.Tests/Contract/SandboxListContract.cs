using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store promises about lists.</summary>
public abstract class SandboxListContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private static readonly SandboxState[] Live = [SandboxState.Pending, SandboxState.Running];

    [Fact]
    public async Task List_OfAll_IsNewestFirstWithoutTombstones()
    {
        await CreatedAsync(At("old", 1));
        await CreatedAsync(At("new", 3));
        await TransitionedAsync(await CreatedAsync(At("stopped", 2)), SandboxEvent.Stop);
        await TransitionedAsync(await CreatedAsync(At("gone", 4)), SandboxEvent.Stop, SandboxEvent.Delete);

        var page = await ListAsync([]);

        Assert.Equal(["new", "stopped", "old"], Ids(page));
        Assert.Equal(3, page.Total);
    }

    [Fact]
    public async Task List_OfStates_HoldsOnlyThese()
    {
        await CreatedAsync(At("pending", 1));
        await TransitionedAsync(await CreatedAsync(At("running", 2)), SandboxEvent.Alive);
        await TransitionedAsync(await CreatedAsync(At("stopped", 3)), SandboxEvent.Stop);

        Assert.Equal(["running", "pending"], Ids(await ListAsync(Live)));
        Assert.Equal(["stopped"], Ids(await ListAsync([SandboxState.Stopped])));
        Assert.Equal(["running"], Ids(await ListAsync(Live, [("state", "running")])));
        Assert.Empty(Ids(await ListAsync(Live, [("state", "stopped")])));
        Assert.Empty(Ids(await ListAsync([SandboxState.Deleted])));
    }

    [Theory]
    [InlineData("user_id", "u2")]
    [InlineData("experiment_id", "e2")]
    [InlineData("namespace", "n2")]
    [InlineData("image", "alpine")]
    [InlineData("host_ip", "10.0.0.2")]
    [InlineData("sandbox_id", "two")]
    [InlineData("host_name", "n2")]
    [InlineData("tenant", "t2")]
    public async Task List_WithAFilter_HoldsExactMatches(string field, string value)
    {
        await CreatedAsync(At("one", 1));
        await CreatedAsync(At("two", 2) with
        {
            Owner = new SandboxOwner("u2", "e2", "n2"),
            Spec = Given.Spec with { Image = "alpine" },
            HostIp = "10.0.0.2",
            HostName = "n2",
            Tenant = "t2",
        });

        var page = await ListAsync(Live, [(field, value)]);

        Assert.Equal(["two"], Ids(page));
        Assert.Equal(1, page.Total);
        Assert.Equal(0, (await ListAsync(Live, [(field, value + "x")])).Total);
    }

    [Fact]
    public async Task List_WithTwoFilters_HoldsWhatMatchesBoth()
    {
        await CreatedAsync(At("one", 1) with { Owner = new SandboxOwner("u", "e1") });
        await CreatedAsync(At("two", 2) with { Owner = new SandboxOwner("u", "e2") });

        Assert.Equal(["two"], Ids(await ListAsync(Live, [("user_id", "u"), ("experiment_id", "e2")])));
    }

    [Fact]
    public async Task List_OfWhatWasDeletedLately_HoldsTheseTombstonesOnly_TheLastDeletedFirst()
    {
        var since = Given.Now.AddHours(2);
        await CreatedAsync(At("there", 9));
        await DeleteAsync(At("long-gone", 1), since.AddSeconds(-1));
        await DeleteAsync(At("first", 3), since);
        await DeleteAsync(At("last", 2) with { Tenant = "t2" }, since.AddSeconds(1));

        Assert.Equal("last first, 2 in all", await DeletedAsync([]));
        Assert.Equal("last, 1 in all", await DeletedAsync([("tenant", "t2")]));
        Assert.Equal("first, 1 in all", await DeletedAsync([("sandbox_id", "first"), ("state", "deleted")]));
        Assert.Equal(", 0 in all", await DeletedAsync([("state", "stopped")]));

        async Task DeleteAsync(SandboxInstance first, DateTimeOffset at)
        {
            var record = await CreatedAsync(first);
            foreach (var happened in (SandboxEvent[])[SandboxEvent.Stop, SandboxEvent.Delete])
            {
                Assert.True(record.Apply(happened, at).TryGet(out var next, out var error), error?.Text);
                Assert.True(
                    await Records.TryTransitionAsync(new SandboxTransition(record, next, Job: null), CancellationToken),
                    $"{happened} of {record.Id} was to be written");
                record = next;
            }
        }

        async Task<string> DeletedAsync((string, string)[] filters)
        {
            var page = await Records.ListAsync(new SandboxQuery(Live, Filters(filters)) { DeletedSince = since }, CancellationToken);
            return $"{string.Join(' ', Ids(page))}, {page.Total} in all";
        }
    }

    [Theory]
    [InlineData("spec")]
    [InlineData("version")]
    [InlineData("1=1; DROP TABLE sandboxes; --")]
    public async Task List_WithAnUnknownFilter_IsEmpty(string field)
    {
        await CreatedAsync(At("one", 1));

        var page = await ListAsync(Live, [(field, "1")]);

        Assert.Empty(page.Items);
        Assert.Equal(0, page.Total);
    }

    [Fact]
    public async Task List_InPages_CoversAllOnceWithTheSameTotal()
    {
        for (var i = 0; i < 7; i++)
        {
            await CreatedAsync(At($"s{i}", i / 2));
        }

        var pages = new[] { await PageAsync(1), await PageAsync(2), await PageAsync(3), await PageAsync(4) };

        Assert.Equal([3, 3, 1, 0], pages.Select(page => page.Items.Count));
        Assert.All(pages, page => Assert.Equal(7, page.Total));
        Assert.Equal(7, pages.SelectMany(Ids).Distinct().Count());
        Assert.Empty((await Records.ListAsync(new SandboxQuery(Live, Filters([]), int.MaxValue, 2000), CancellationToken)).Items);

        Task<SandboxPage> PageAsync(int page) => Records.ListAsync(new SandboxQuery(Live, Filters([]), page, 3), CancellationToken);
    }

    [Fact]
    public async Task List_OfSomeIds_HasThoseOfThemThatMatch()
    {
        foreach (var id in (string[])["one", "two", "three"])
        {
            await CreatedAsync(At(id, 1) with { Tenant = id is "three" ? "t2" : "t1" });
        }

        var asked = new SandboxQuery(Live, Filters([("tenant", "t1")]))
        {
            Ids = [SandboxId.Parse("three"), SandboxId.Parse("two"), SandboxId.Parse("none")],
        };
        var page = await Records.ListAsync(asked, CancellationToken);

        Assert.Equal(("two", 1L), (string.Join(' ', Ids(page)), page.Total));
        Assert.Empty((await Records.ListAsync(asked with { Ids = [] }, CancellationToken)).Items);
    }

    /// <summary>A page of 2000 records with all that their starts need would take a gigabyte and more.</summary>
    [Fact]
    public async Task List_ThatIsBrief_HasWhatIsShownAndNothingLarge()
    {
        var spec = Given.Spec with
        {
            Metadata = new Dictionary<string, string> { ["é"] = "\"x\"" },
            ExtendedParams = new Dictionary<string, string> { ["large"] = "l" },
            DockerArgs = ["--hostname=h"],
            NumGpus = 1.5,
            AcceleratorType = "a100",
            EncryptedAuthorization = "b+x/",
        };
        await CreatedAsync(At("full", 2) with { Spec = spec });
        await CreatedAsync(At("plain", 1));

        var page = await Records.ListAsync(new SandboxQuery(Live, Filters([])) { IsBrief = true }, CancellationToken);

        Assert.Equal(["full", "plain"], Ids(page));
        var (full, plain) = (page.Items[0].Spec, page.Items[1].Spec);
        Assert.Equal("\"x\"", Assert.Single(full.Metadata).Value);
        Assert.Equal(
            (1.5, "a100", "busybox", 2.0, 1L << 30),
            (full.NumGpus!.Value, full.AcceleratorType!, full.Image, full.Cpus, full.MemoryBytes));
        Assert.Equal("b+x/", full.EncryptedAuthorization);
        Assert.Empty(full.Env);
        Assert.Empty(full.ExtendedParams);
        Assert.Empty(full.DockerArgs);
        Assert.Empty(plain.Metadata);
        Assert.Null(plain.NumGpus);
    }

    [Fact]
    public async Task Total_AfterEveryKindOfChange_IsWhatIsThere()
    {
        var record = await CreatedAsync(At("one", 1));
        await CreatedAsync(At("two", 2));
        await CreateAsync(At("two", 3));
        record = await TransitionedAsync(record, SandboxEvent.Alive, SandboxEvent.Stop);
        Assert.Equal((1, 2), await TotalsAsync());

        record = await TransitionedAsync(record, SandboxEvent.Restart);
        Assert.Equal((2, 2), await TotalsAsync());

        record = await TransitionedAsync(record, SandboxEvent.Stop, SandboxEvent.Delete);
        Assert.Equal((1, 1), await TotalsAsync());

        Time.Advance(TimeSpan.FromHours(24));
        await CreatedAsync(At("one", 4));
        Assert.Equal((2, 2), await TotalsAsync());
        Assert.Equal(SandboxState.Pending, (await FoundAsync(record)).State);

        async Task<(long Live, long All)> TotalsAsync() => ((await ListAsync(Live)).Total, (await ListAsync([])).Total);
    }

    private static SandboxInstance At(string id, int minute) => Given.Pending(id, Given.Now.AddMinutes(minute));

    private static IEnumerable<string> Ids(SandboxPage page) => page.Items.Select(item => item.Id.ToString());

    private static Dictionary<string, string> Filters((string, string)[] filters) =>
        filters.ToDictionary(filter => filter.Item1, filter => filter.Item2);

    private Task<SandboxPage> ListAsync(SandboxState[] states, (string, string)[]? filters = null) =>
        Records.ListAsync(new SandboxQuery(states, Filters(filters ?? [])), CancellationToken);
}
