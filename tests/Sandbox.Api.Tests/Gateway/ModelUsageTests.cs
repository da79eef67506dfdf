using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Auth;
using Sandbox.Api.Gateway;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;
using Sandbox.Serving.OpenAi;
using Sandbox.Testing.Clusters;

namespace Sandbox.Api.Tests.Gateway;

public sealed class ModelUsageTests
{
    private const string Chat = """{"model":"parrot","messages":[{"role":"user","content":"one two three"}]}""";

    private const string Stream =
        """{"model":"parrot","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"a b"}]}""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Usage_IsTheEnginesOwn_OfAnswersAndStreams_AndOfTheCallersTenantOnly()
    {
        await using var server = await GatewayServer.StartAsync();
        using var echo = await EchoProcess.StartAsync("a", "parrot");
        await server.OfferAsync(GatewayServer.Model("parrot", echo.Replica));
        var ((redId, red), (blueId, blue)) = (await server.Api.GivenKeyAsync("red"), await server.Api.GivenKeyAsync("blue"));
        var (_, admin) = await server.Api.GivenKeyAsync("ops", admin: true);
        Assert.Equal(HttpStatusCode.OK, (await server.AnswerAsync(Chat, red)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.AnswerAsync(Stream, red)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.AnswerAsync(Chat, blue)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.AnswerAsync("""{"model":"owl"}""", red)).Status);

        var reds = new ModelUsageResult(redId, "parrot", 2, 5, 5) { Tenant = "red" };
        var blues = new ModelUsageResult(blueId, "parrot", 1, 3, 3) { Tenant = "blue" };

        // The last bytes of an answer are with its reader a moment before its request has ended.
        await Wait.UntilAsync(async () => await ReadAsync(server, red) is [{ Requests: 2 }], () => "red's requests have ended");
        await Wait.UntilAsync(async () => await ReadAsync(server, blue) is [{ Requests: 1 }], () => "blue's request has ended");
        Assert.Equal([reds], await ReadAsync(server, red));
        Assert.Equal([blues], await ReadAsync(server, blue));
        Assert.Equal([blues, reds], await ReadAsync(server, admin));
    }

    [Fact]
    public async Task Usage_OfAnEngineThatTellsNone_IsTheEventsOfItsStream()
    {
        await using var server = await GatewayServer.StartAsync();
        var engine = await server.EngineAsync("a", async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n\ndata: 2\n\ndata: 3\n\ndata: [DONE]\n\n");
        });
        await server.OfferAsync(GatewayServer.Model("parrot", engine));
        var (id, key) = await server.Api.GivenKeyAsync("red");

        Assert.Equal(HttpStatusCode.OK, (await server.AnswerAsync(Stream, key)).Status);

        await Wait.UntilAsync(async () => await ReadAsync(server, key) is [_], () => "the request has ended");
        Assert.Equal([new ModelUsageResult(id, "parrot", 1, 0, 3) { Tenant = "red" }], await ReadAsync(server, key));
    }

    [Fact]
    public async Task Usage_ThatWasCountedUntilTheEnd_IsWritten_AlsoWhenThereIsNoTimeLeft()
    {
        var store = new RecordedUsage();
        using var counter = Counter(store, new FakeTimeProvider());
        await counter.StartAsync(Cancelled);
        counter.Count(Caller.Owner, "parrot", new TokenUsage(1, 2));
        counter.Count(Caller.Owner, "parrot", null);

        await counter.StopAsync(new CancellationToken(canceled: true));

        Assert.Equal(
            [new ModelUsageEntry(Caller.Owner.Tenant, Caller.Owner.Key, "parrot", 2, 1, 2)], Assert.Single(store.Added).Entries);
    }

    [Fact]
    public async Task Batch_WhoseWriteFails_IsWrittenAgainAsItWas_AndWhatWasCountedSinceAfterIt()
    {
        var store = new RecordedUsage { IsFailing = true };
        using var counter = Counter(store, new FakeTimeProvider());
        counter.Count(Caller.Owner, "parrot", new TokenUsage(1, 2));
        await Assert.ThrowsAsync<IOException>(() => counter.WriteAsync(Cancelled));
        counter.Count(Caller.Owner, "parrot", new TokenUsage(10, 20));
        store.IsFailing = false;

        await counter.WriteAsync(Cancelled);

        Assert.Equal([1, 1, 2], store.Added.Select(batch => batch.Number));
        Assert.Equal([2, 2, 20], store.Added.Select(batch => batch.Entries.Single().CompletionTokens));
        Assert.Single(store.Added.Select(batch => batch.Writer).Distinct());
    }

    private static ModelUsageCounter Counter(IModelUsageStore store, TimeProvider time) =>
        new(store, Options.Create(new GatewayOptions()), time, NullLogger<ModelUsageCounter>.Instance);

    private static async Task<IReadOnlyList<ModelUsageResult>> ReadAsync(GatewayServer server, string key)
    {
        using var answer = await server.Api.AskAsync(key, "/api/v1/models/usage");
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.True(answer.IsSuccessStatusCode, $"the usage was to be told: {answer.StatusCode} {text}");
        return JsonSerializer.Deserialize(text, ManagementJson.Default.IReadOnlyListModelUsageResult)!;
    }

    /// <summary>What was given to a store, also when it said that it failed.</summary>
    private sealed class RecordedUsage : IModelUsageStore
    {
        public List<ModelUsageBatch> Added { get; } = [];

        public bool IsFailing { get; set; }

        public Task AddAsync(ModelUsageBatch batch, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Added.Add(batch);
            return IsFailing ? Task.FromException(new IOException("the connection broke")) : Task.CompletedTask;
        }

        public Task<IReadOnlyList<ModelUsageEntry>> ListAsync(string? tenant, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
