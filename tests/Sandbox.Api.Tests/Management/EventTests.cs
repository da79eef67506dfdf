using System.Net;
using Sandbox.Api.Management;
using Sandbox.Api.Tests.Cluster;
using Sandbox.Api.Tests.Servers;
using Sandbox.Client;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Management;

/// <summary>The stream of events, over the real stores and their feed.</summary>
public sealed class EventTests
{
    private static readonly Dictionary<string, string> Any = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_Followed_TellALifeInItsOrder()
    {
        await using var server = await ApiServer.StartAsync();
        using var stream = await StreamAsync(server);
        await server.GivenStoppedAsync("box");
        await server.PostAsync("/delete", """{"sandbox_id":"box"}""");

        var told = await stream.ReadAsync(4);

        Assert.Equal(
            ["created pending 1", "started running 2", "stopped stopped 3", "deleted deleted 4"],
            told.Select(one => $"{one.Type} {one.State} {one.Version}"));
        Assert.All(told, one => Assert.Equal(("box", "busybox", "default"), (one.SandboxId, one.Image, one.Tenant)));
    }

    [Fact]
    public async Task Events_OfAFailedStart_SayWhy()
    {
        await using var server = await ApiServer.StartAsync();
        server.Node.Failure = "no such image";
        using var stream = await StreamAsync(server);
        await server.PostAsync("/start_async", """{"image":"busybox","sandbox_id":"box"}""");

        var failed = (await stream.ReadAsync(2))[^1];

        Assert.Equal(("start_failed", "stopped"), (failed.Type, failed.State));
        Assert.Contains("no such image", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_AreOfTheCallersTenantOnly()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, red) = await server.GivenKeyAsync("red");
        var (_, blue) = await server.GivenKeyAsync("blue");
        using var stream = await StreamAsync(server, red);
        (await server.AskAsync(blue, ApiServer.Rock + "/start", """{"image":"busybox","sandbox_id":"blues"}""")).Dispose();
        (await server.AskAsync(red, ApiServer.Rock + "/start", """{"image":"busybox","sandbox_id":"reds"}""")).Dispose();

        Assert.Equal(["reds", "reds"], (await stream.ReadAsync(2)).Select(one => one.SandboxId));
        using var client = new SandboxClient(server.Address, red);
        var since = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        Assert.Equal(["reds", "reds"], (await PastAsync(client, since, Any)).Select(one => one.SandboxId));
    }

    [Fact]
    public async Task Events_SinceATime_AreThoseOfThePast_OnceEach()
    {
        await using var server = await ApiServer.StartAsync();
        var since = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        await server.GivenStoppedAsync("gone");
        await server.PostAsync("/delete", """{"sandbox_id":"gone"}""");
        await server.GivenRunningAsync("there");

        var all = await PastAsync(server.Client, since, Any);
        var stopped = await PastAsync(server.Client, since, new Dictionary<string, string> { ["type"] = "stopped" });
        var there = await PastAsync(server.Client, since, new Dictionary<string, string> { ["sandbox_id"] = "there" });
        var late = await PastAsync(server.Client, TimeProvider.System.GetUtcNow().AddMinutes(10), Any);

        Assert.Equal(
            ["gone created", "gone started", "gone stopped", "gone deleted", "there created", "there started"],
            all.Select(one => $"{one.SandboxId} {one.Type}"));
        Assert.Equal(["gone stopped"], stopped.Select(one => $"{one.SandboxId} {one.Type}"));
        Assert.Equal(["there created", "there started"], there.Select(one => $"{one.SandboxId} {one.Type}"));
        Assert.Empty(late);
    }

    [Fact]
    public async Task Events_ThatTheFeedMissed_AreToldToAReaderThatReadsAgain()
    {
        await using var server = await ApiServer.StartAsync();
        var since = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        await using var told = server.Client.EventsAsync(since, follow: true, Any, Token).GetAsyncEnumerator(Token);
        var first = told.MoveNextAsync();
        await server.GivenRunningAsync("one");
        Assert.True(await first, "the stream goes on");
        Assert.True(await told.MoveNextAsync(), "the stream goes on");

        // Many more than the feed collects, and much faster than records are read.
        using var again = await StreamAsync(server);
        var feed = server.Get<IChangeFeed>();
        foreach (var number in Enumerable.Range(0, 20_000))
        {
            feed.Publish(SandboxId.Parse($"flood-{number}"));
        }

        await server.GivenRunningAsync("two");
        Assert.True(await told.MoveNextAsync(), "the stream goes on");

        Assert.Equal(("two", "created"), (told.Current.SandboxId, told.Current.Type));
        Assert.Contains("event: missed", await again.RestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_OfAQuietTime_AreCommentsThatKeepTheConnection()
    {
        var time = new ToldTime();
        await using var server = await ApiServer.StartAsync(time);
        using var stream = await StreamAsync(server);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var line = stream.LineAsync();

        // Each time that something begins to wait.
        while (await Task.WhenAny(line, time.Timers.ReadAsync(limit.Token).AsTask()) != line)
        {
            time.Advance(EventsEndpoint.KeepAlive);
        }

        Assert.Equal(": nothing happened", await line);
    }

    [Theory]
    [InlineData("since=2020-01-01T00:00:00Z", "since")]
    [InlineData("since=soon", "since")]
    [InlineData("colour=red", "colour")]
    public async Task Events_AskedForWrongly_AreRefusedByName(string query, string name)
    {
        await using var server = await ApiServer.StartAsync();

        using var answer = await server.AskAsync(key: null, $"/api/v1/events?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"detail\":\"{name}: ", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<LifecycleEvent>> PastAsync(
        SandboxClient client, DateTimeOffset since, IReadOnlyDictionary<string, string> filter)
    {
        var told = new List<LifecycleEvent>();
        await foreach (var one in client.EventsAsync(since, follow: false, filter, Token))
        {
            told.Add(one);
        }

        return told;
    }

    private static async Task<EventReader> StreamAsync(ApiServer server, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }

        var answer = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.ToString());
        var reader = new EventReader(answer, new StreamReader(await answer.Content.ReadAsStreamAsync(Token)));

        // Told first, once nothing is missed any more.
        Assert.StartsWith("id: ", await reader.LineAsync(), StringComparison.Ordinal);
        Assert.Equal("", await reader.LineAsync());
        return reader;
    }

    private sealed class EventReader(HttpResponseMessage answer, StreamReader lines) : IDisposable
    {
        public async Task<string?> LineAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            return await lines.ReadLineAsync(limit.Token);
        }

        public async Task<IReadOnlyList<LifecycleEvent>> ReadAsync(int count)
        {
            var told = new List<LifecycleEvent>();
            while (told.Count < count)
            {
                if (await LineAsync() is { } line && line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    told.Add(System.Text.Json.JsonSerializer.Deserialize(line["data: ".Length..], ManagementJson.Default.LifecycleEvent)!);
                }
            }

            return told;
        }

        /// <summary>To the end of the stream.</summary>
        public async Task<string> RestAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            return await lines.ReadToEndAsync(limit.Token);
        }

        public void Dispose()
        {
            lines.Dispose();
            answer.Dispose();
        }
    }
}
