using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Auth;
using Sandbox.Api.Http;

namespace Sandbox.Api.Tests.Http;

public sealed class BufferBudgetTests : IDisposable
{
    private const int MiB = 1024 * 1024;

    private readonly FakeTimeProvider _time = new();
    private readonly MemoryTrimmer _trimmer;
    private int _collections, _trims;

    public BufferBudgetTests() => _trimmer = new MemoryTrimmer(_time, trim => _ = trim ? _trims++ : _collections++);

    public void Dispose() => _trimmer.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tenant_WithItsShare_WaitsAndTakesNothingFromOthers()
    {
        using var budget = Budget(4 * MiB);
        var (first, second, other) = (new Request("red"), new Request("red"), new Request("blue"));
        Assert.True(await budget.TryReserveAsync(first.Http, 2 * MiB, Token), "the half of the budget is a tenant's share");

        var waiting = budget.TryReserveAsync(second.Http, MiB, Token).AsTask();

        Assert.False(waiting.IsCompleted, "red holds its share: what it asks for beyond has to wait");
        Assert.True(await budget.TryReserveAsync(other.Http, 2 * MiB, Token), "blue's share is free, whatever red does");
        await first.EndAsync();
        Assert.True(await waiting, "what red's first request held was given back with its end");
    }

    [Fact]
    public async Task Request_ThatFindsNoRoom_IsRefusedAfterAWhile()
    {
        using var budget = Budget(2 * MiB);
        var (first, second) = (new Request("red"), new Request("red"));
        Assert.True(await budget.TryReserveAsync(first.Http, MiB, Token), "there is room for the first");

        var waiting = budget.TryReserveAsync(second.Http, MiB, Token).AsTask();
        _time.Advance(BufferBudget.LongestWait);

        Assert.False(await waiting, "a request that waited for long enough is to be refused");
        await first.EndAsync();
        Assert.True(await budget.TryReserveAsync(second.Http, MiB, Token), "a refused one holds nothing");
    }

    [Fact]
    public async Task Request_LargerThanEveryShare_IsRefusedAtOnce()
    {
        using var budget = Budget(2 * MiB);

        Assert.False(await budget.TryReserveAsync(new Request("red").Http, MiB + 1, Token), "no end of another request makes room for it");
    }

    [Fact]
    public async Task Reservation_ThatGrows_IsCountedBeyondWhatIsFree()
    {
        using var budget = Budget(2 * MiB);
        var request = new Request("red");
        var reserved = new BufferReservation(budget, request.Http);

        Assert.True(await reserved.TryReachAsync(BufferBudget.Free, Token), "so little is not counted");
        Assert.True(await budget.TryReserveAsync(new Request("red").Http, MiB, Token), "nothing was held of the share yet");

        var more = reserved.TryReachAsync(BufferBudget.Free + 1, Token).AsTask();
        Assert.False(more.IsCompleted, "the share is taken, so more has to wait");
        _time.Advance(BufferBudget.LongestWait);
        Assert.False(await more, "and is refused in the end");
    }

    /// <summary>As a body comes that is read a MiB and a byte at a time.</summary>
    [Fact]
    public async Task Reservation_ThatGrowsInOddSteps_ReachesItsWholeShare()
    {
        using var budget = Budget(96 * MiB);
        var reserved = new BufferReservation(budget, new Request("red").Http);

        for (long bytes = MiB + 1; bytes < 48 * MiB; bytes += MiB + 1)
        {
            var more = reserved.TryReachAsync(bytes, Token);
            Assert.True(more.IsCompleted && await more, $"nobody else holds anything: there is room for {bytes} bytes");
        }

        var all = reserved.TryReachAsync(48 * MiB, Token);
        Assert.True(all.IsCompleted && await all, "there is room for as many bytes as a tenant's share has");
    }

    [Fact]
    public async Task Room_ThatIsGivenBack_IsCollectedAndTrimmed()
    {
        using var budget = Budget(2 * MemoryTrimmer.Most);
        var request = new Request("red");
        Assert.True(await budget.TryReserveAsync(request.Http, MemoryTrimmer.Most, Token), "the half of the budget is a tenant's share");

        _time.Advance(MemoryTrimmer.Quiet);
        Assert.True((_collections, _trims) == (0, 0), "what a request holds cannot be collected");
        await request.EndAsync();
        Assert.True((_collections, _trims) == (1, 0), $"it has ended, and left much: {_collections} collections, {_trims} trims");
        _time.Advance(MemoryTrimmer.Quiet);

        Assert.True((_collections, _trims) == (1, 1), $"nothing came after it: {_collections} collections, {_trims} trims");
    }

    private BufferBudget Budget(long bytes) => new(Options.Create(new ApiOptions { MaxBuffered = bytes }), _trimmer, _time);

    private sealed class Request
    {
        private readonly EndingResponse _response = new();

        public Request(string tenant)
        {
            Http = new DefaultHttpContext();
            Http.Features.Set<IHttpResponseFeature>(_response);
            Http.Features.Set(new Caller(tenant, IsAdmin: false));
        }

        public DefaultHttpContext Http { get; }

        public async Task EndAsync()
        {
            foreach (var (callback, state) in _response.Callbacks)
            {
                await callback(state);
            }
        }
    }

    private sealed class EndingResponse : HttpResponseFeature
    {
        public List<(Func<object, Task> Callback, object State)> Callbacks { get; } = [];

        public override void OnCompleted(Func<object, Task> callback, object state) => Callbacks.Add((callback, state));
    }
}
