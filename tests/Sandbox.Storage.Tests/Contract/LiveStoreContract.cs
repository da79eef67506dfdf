using System.Globalization;
using System.Text.Json;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of live entries promises.</summary>
public abstract class LiveStoreContract : IAsyncLifetime
{
    private static readonly LiveTimeout HalfAnHour = new(TimeSpan.FromMinutes(30), Given.Now + TimeSpan.FromMinutes(30));
    private static readonly LiveTimeout AnHour = new(TimeSpan.FromMinutes(30), Given.Now + TimeSpan.FromHours(1));

    private readonly SandboxId _id = SandboxId.New();

    private ILiveStore _store = null!;

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await CloseAsync();
    }

    /// <summary>A store that can be reached.</summary>
    protected abstract ValueTask<ILiveStore> OpenAsync();

    protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Find_OfWhatWasNeverPut_IsNull()
    {
        Assert.Null(await _store.FindAsync(_id, 1, CancellationToken));
        Assert.Null(await _store.FindTimeoutAsync(_id, 1, CancellationToken));
    }

    [Fact]
    public async Task Put_KeepsEveryDeclaredFieldAndNoOther()
    {
        var record = Given.Pending() with { HostIp = "10.0.0.1" };
        var fields = new Dictionary<string, object?>(LiveFields.Of(record)) { ["spec"] = "leak", ["version"] = 9L };

        await PutAsync(1, fields);

        Assert.Equal(
            JsonSerializer.Serialize(LiveFields.Of(record).OrderBy(field => field.Key)),
            JsonSerializer.Serialize((await _store.FindAsync(_id, 1, CancellationToken))!.OrderBy(field => field.Key)));
        Assert.Equal(HalfAnHour, await _store.FindTimeoutAsync(_id, 1, CancellationToken));
    }

    [Fact]
    public async Task Put_OverAnEntry_KeepsWhatItDoesNotSay()
    {
        await PutAsync(1, Field("auth_token", "t"));

        await PutAsync(2, Field("state", "running"), since: 1, seed: Field("auth_token", "older"));

        Assert.Equal("t", await FieldAsync("auth_token", 2));
        Assert.Equal("running", await FieldAsync("state", 2));
    }

    [Fact]
    public async Task Put_WhereNothingIs_BeginsWithTheSeed()
    {
        await PutAsync(2, Field("state", "running"), since: 1, seed: Field("auth_token", "t"));

        Assert.Equal(("t", "running"), (await FieldAsync("auth_token", 2), await FieldAsync("state", 2)));
    }

    [Fact]
    public async Task Put_OverAnEntryOfAnEarlierLife_BuildsNothingOnIt()
    {
        await PutAsync(2, Field("auth_token", "old life"));

        await PutAsync(4, Field("state", "pending"), since: 4, seed: Field("user_id", "u"));

        Assert.Null(await FieldAsync("auth_token", 4));
        Assert.Equal("u", await FieldAsync("user_id", 4));
    }

    [Fact]
    public async Task Put_OfAnEarlierVersion_ChangesNothing()
    {
        await PutAsync(3, Field("state", "running"), timeout: AnHour);

        await PutAsync(2, Field("state", "pending"));
        await _store.PutTimeoutAsync(_id, 2, HalfAnHour, CancellationToken);

        Assert.Equal("running", await FieldAsync("state", 3));
        Assert.Null(await _store.FindAsync(_id, 2, CancellationToken));
        Assert.Equal(AnHour, await _store.FindTimeoutAsync(_id, 3, CancellationToken));
    }

    [Fact]
    public async Task Find_ForALaterVersionThanWasPut_FindsNothing()
    {
        await PutAsync(1, Field("state", "pending"));

        Assert.Null(await _store.FindAsync(_id, 2, CancellationToken));
        Assert.Null(await _store.FindTimeoutAsync(_id, 2, CancellationToken));
    }

    [Fact]
    public async Task PutTimeout_OfTheSameVersion_MovesIt()
    {
        await PutAsync(1, Field("state", "running"));

        await _store.PutTimeoutAsync(_id, 1, AnHour, CancellationToken);

        Assert.Equal(AnHour, await _store.FindTimeoutAsync(_id, 1, CancellationToken));
        Assert.Equal("running", await FieldAsync("state", 1));
    }

    [Fact]
    public async Task Remove_EvictsBothKeys()
    {
        await PutAsync(1, Field("state", "running"));

        await _store.RemoveAsync(_id, 2, CancellationToken);

        Assert.Null(await _store.FindAsync(_id, 1, CancellationToken));
        Assert.Null(await _store.FindTimeoutAsync(_id, 1, CancellationToken));
    }

    [Fact]
    public async Task Writes_ThatComeAfterARemoval_BringNothingBack()
    {
        await _store.RemoveAsync(_id, 3, CancellationToken);

        await PutAsync(2, Field("state", "running"));
        await _store.PutTimeoutAsync(_id, 2, AnHour, CancellationToken);

        Assert.Null(await _store.FindAsync(_id, 2, CancellationToken));
        Assert.Null(await _store.FindTimeoutAsync(_id, 2, CancellationToken));
    }

    [Fact]
    public async Task Remove_ThatComesAfterALaterLifeBegan_EvictsNothing()
    {
        await PutAsync(4, Field("state", "pending"), since: 4);

        await _store.RemoveAsync(_id, 3, CancellationToken);

        Assert.Equal("pending", await FieldAsync("state", 4));
        Assert.NotNull(await _store.FindTimeoutAsync(_id, 4, CancellationToken));
    }

    [Fact]
    public async Task Puts_OfDifferentFieldsAtOnce_AllArrive()
    {
        string[] names = ["host_ip", "host_name", "auth_token", "user_id", "image", "namespace"];

        await Task.WhenAll(names.Select(name => Task.Run(() => PutAsync(1, Field(name, name)))));

        foreach (var name in names)
        {
            Assert.Equal(name, await FieldAsync(name, 1));
        }
    }

    [Fact]
    public async Task Puts_OfManyVersionsAtOnce_LeaveTheLatest()
    {
        await Task.WhenAll(Enumerable.Range(1, 50).Select(version => Task.Run(
            () => PutAsync(version, Field("state", version.ToString(CultureInfo.InvariantCulture)), since: version - 1))));

        Assert.Equal("50", await FieldAsync("state", 50));
    }

    private static Dictionary<string, object?> Field(string name, string value) => new() { [name] = value };

    private Task PutAsync(
        long version, Dictionary<string, object?> fields, long since = 0, Dictionary<string, object?>? seed = null,
        LiveTimeout? timeout = null) =>
        _store.PutAsync(_id, new LiveWrite(since, version, fields, seed ?? [], timeout ?? HalfAnHour), CancellationToken);

    private async Task<string?> FieldAsync(string name, long version) =>
        (await _store.FindAsync(_id, version, CancellationToken))?.GetValueOrDefault(name)?.ToString();
}
