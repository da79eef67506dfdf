using System.ClientModel;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using OpenAI;
using OpenAI.Chat;
using Sandbox.Api.Gateway;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Routing;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Api.Tests.Gateway;

public sealed class GatewayTests
{
    private const string Chat = """{ "model" : "parrot", "messages":[{"role":"user","content":"a b"}] ,"seed":7.0e0}""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [Trait("Row", "37")]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/responses")]
    public async Task Request_AndItsAnswer_PassUnchanged_ButForWhoseKeyItHas(string path)
    {
        await using var server = await GatewayServer.StartAsync();
        var seen = "";
        var engine = await server.EngineAsync("a", async http =>
        {
            using var body = new StreamReader(http.Request.Body);
            seen = $"{http.Request.Method} {http.Request.Path} {http.Request.Headers.Authorization} {await body.ReadToEndAsync()}";
            http.Response.ContentType = "application/json";
            http.Response.Headers["X-Engine"] = "mine";
            http.Response.Headers.SetCookie = "a=b";
            await http.Response.WriteAsync("""{ "answer": 1.50 }""");
        });
        await server.OfferAsync(GatewayServer.Model("parrot", engine) with { ApiKey = new Secret("of-the-engine") });
        var (_, key) = await server.Api.GivenKeyAsync("red");

        using var answer = await server.ChatAsync(Chat, key, path, cancellationToken: Cancelled);

        Assert.Equal("""{ "answer": 1.50 }""", await answer.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal($"POST {path} Bearer of-the-engine {Chat}", seen);
        Assert.Equal("mine", answer.Headers.GetValues("X-Engine").Single());
        Assert.False(answer.Headers.Contains("Set-Cookie"), "an engine sets no cookies at the gateway's address");
    }

    [Fact]
    public async Task Alias_IsTheModelsName_ForTheEngine_AndNothingElseChanges()
    {
        await using var server = await GatewayServer.StartAsync();
        var seen = "";
        var engine = await server.EngineAsync("a", async http =>
        {
            using var body = new StreamReader(http.Request.Body);
            seen = await body.ReadToEndAsync();
        });
        await server.OfferAsync(GatewayServer.Model("org/parrot-7b", engine) with
        {
            Aliases = ImmutableDictionary<string, double>.Empty.Add("parrot", 1),
        });

        var (status, _) = await server.AnswerAsync(Chat);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(Chat.Replace("\"parrot\"", "\"org/parrot-7b\"", StringComparison.Ordinal), seen);
        using var found = await server.Http.GetAsync("/v1/models/org/parrot-7b", Cancelled);
        Assert.Equal(
            """{"id":"org/parrot-7b","object":"model","created":0,"owned_by":"sandbox.aspire"}""",
            await found.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    [Trait("Row", "37")]
    public async Task Stream_IsNotHeldBack()
    {
        await using var server = await GatewayServer.StartAsync();
        var goesOn = new TaskCompletionSource();
        var engine = await server.EngineAsync("a", async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n\n");
            await http.Response.Body.FlushAsync();
            await goesOn.Task.WaitAsync(http.RequestAborted);
            await http.Response.WriteAsync("data: [DONE]\n\n");
        });
        await server.OfferAsync(GatewayServer.Model("parrot", engine));

        using var answer = await server.ChatAsync(Chat, cancellationToken: Cancelled);
        await using var stream = await answer.Content.ReadAsStreamAsync(Cancelled);
        using var reader = new StreamReader(stream);

        // The engine waits for this before it says more.
        Assert.Equal("data: 1", await reader.ReadLineAsync(Cancelled));
        goesOn.SetResult();
        Assert.Equal("\ndata: [DONE]\n\n", await reader.ReadToEndAsync(Cancelled));
    }

    [Fact]
    public async Task Client_ThatGoesAway_EndsItsRequestAtTheEngine()
    {
        await using var server = await GatewayServer.StartAsync();
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        var engine = await server.EngineAsync("a", async http =>
        {
            begun.SetResult();
            http.RequestAborted.Register(ended.SetResult);
            await ended.Task;
        });
        await server.OfferAsync(GatewayServer.Model("parrot", engine));
        using var leave = new CancellationTokenSource();
        var asked = server.ChatAsync(Chat, cancellationToken: leave.Token);
        await begun.Task;

        await leave.CancelAsync();

        await ended.Task.WaitAsync(Cancelled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        var pool = server.Api.Get<ModelTable>().Find("default", "parrot")!.Pool;
        await Wait.UntilAsync(() => Task.FromResult(pool.Outstanding["a"] == 0), () => "its place at the engine is given back");
    }

    [Fact]
    public async Task Engine_ThatBreaksOffInAStream_GivesAnEventThatSaysSo_AndTheEnd()
    {
        await using var server = await GatewayServer.StartAsync();
        var goesOn = new TaskCompletionSource();
        var engine = await server.EngineAsync("a", async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n\ndata: {\"half");
            await http.Response.Body.FlushAsync();
            await goesOn.Task.WaitAsync(http.RequestAborted);
            http.Abort();
        });
        await server.OfferAsync(GatewayServer.Model("parrot", engine));

        using var answer = await server.ChatAsync(Chat, cancellationToken: Cancelled);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancelled));
        Assert.Equal("data: 1", await reader.ReadLineAsync(Cancelled));
        goesOn.SetResult();

        Assert.Equal(
            "\ndata: {\"half\n\ndata: {\"error\":{\"message\":\"The engine broke off in the middle of its answer.\","
                + "\"type\":\"server_error\",\"param\":null,\"code\":\"engine_failed\"}}\n\n",
            await reader.ReadToEndAsync(Cancelled));
    }

    [Theory]
    [InlineData("no JSON", "application/json", 400, "invalid_request")]
    [InlineData("""{"messages":[]}""", "application/json", 400, "invalid_request")]
    [InlineData("""{"model":"other"}""", "application/json", 404, "model_not_found")]
    [InlineData("""{"model":"parrot"}""", "text/plain", 415, "unsupported_media_type")]
    [InlineData("large", "application/json", 413, "body_too_large")]
    public async Task Request_ThatIsWrong_IsRefusedAsOpenAiDoes(string body, string type, int status, string code)
    {
        await using var server = await GatewayServer.StartAsync(("Gateway:MaxBody", "4096"));
        var asked = 0;
        await server.OfferAsync(GatewayServer.Model("parrot", await server.EngineAsync("a", http =>
        {
            asked++;
            return Task.CompletedTask;
        })));

        using var answer = await server.ChatAsync(
            body == "large" ? new string(' ', 5000) : body, type: type, cancellationToken: Cancelled);

        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.Equal((status, "application/json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.StartsWith("""{"error":{"message":""", text, StringComparison.Ordinal);
        Assert.EndsWith($"\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"{code}\"}}}}", text, StringComparison.Ordinal);
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task Key_ThatIsNone_OrMissing_IsRefusedAsOpenAiDoes()
    {
        await using var server = await GatewayServer.StartAsync();
        await server.Api.GivenKeyAsync("red");

        foreach (var key in (string?[])[null, "wrong"])
        {
            var (status, text) = await server.AnswerAsync(Chat, key);

            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.Contains("\"type\":\"authentication_error\"", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Model_OfAnotherTenant_IsNotThere()
    {
        await using var server = await GatewayServer.StartAsync();
        RequestDelegate Says(string what) => http => http.Response.WriteAsync(what);
        var (reds, blues, all) = (
            await server.EngineAsync("a", Says("red's")), await server.EngineAsync("b", Says("blue's")),
            await server.EngineAsync("c", Says("everybody's")));
        await server.OfferAsync(
            GatewayServer.Model("parrot", reds) with { Tenant = "red" },
            GatewayServer.Model("owl", blues) with { Tenant = "blue" },
            GatewayServer.Model("owl", all));
        var ((_, red), (_, blue), (_, green)) = (
            await server.Api.GivenKeyAsync("red"), await server.Api.GivenKeyAsync("blue"), await server.Api.GivenKeyAsync("green"));

        Assert.Equal((HttpStatusCode.OK, "red's"), await server.AnswerAsync(Chat, red));
        Assert.Equal(HttpStatusCode.NotFound, (await server.AnswerAsync(Chat, blue)).Status);
        Assert.Equal((HttpStatusCode.OK, "blue's"), await server.AnswerAsync("""{"model":"owl"}""", blue));
        Assert.Equal((HttpStatusCode.OK, "everybody's"), await server.AnswerAsync("""{"model":"owl"}""", green));
        using var list = await server.Api.AskAsync(green, "/v1/models");
        Assert.Equal(
            """{"object":"list","data":[{"id":"owl","object":"model","created":0,"owned_by":"sandbox.aspire"}]}""",
            await list.Content.ReadAsStringAsync(Cancelled));
        using var foreign = await server.Api.AskAsync(green, "/v1/models/parrot");
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
    }

    [Fact]
    public async Task Request_ThatFailsBeforeItsAnswer_GoesToAnotherReplica()
    {
        await using var server = await GatewayServer.StartAsync(("Gateway:HealthInterval", "01:00:00"));
        var refused = new Replica("refused", new Uri($"http://127.0.0.1:{ReservedPorts.Next()}"));
        var cut = await server.EngineAsync("cut", http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });
        var busy = await server.EngineAsync("busy", http =>
        {
            http.Response.StatusCode = 503;
            return http.Response.WriteAsync("not now");
        });
        var silent = await server.EngineAsync("silent", async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.Body.FlushAsync();
            http.Abort();
        });
        var well = await server.EngineAsync("well", async http =>
        {
            using var body = new StreamReader(http.Request.Body);
            await http.Response.WriteAsync($"well: {await body.ReadToEndAsync()}");
        });
        await server.OfferAsync(GatewayServer.Model("parrot", refused, cut, busy, silent, well));

        for (var number = 0; number < 20; number++)
        {
            Assert.Equal((HttpStatusCode.OK, $"well: {Chat}"), await server.AnswerAsync(Chat));
        }
    }

    [Fact]
    public async Task Answer_ThatSaysThatNoneCan_IsPassedOn_WhenThereIsNoOther()
    {
        await using var server = await GatewayServer.StartAsync();
        var engine = await server.EngineAsync("a", http =>
        {
            http.Response.StatusCode = 503;
            return http.Response.WriteAsync("not now");
        });
        await server.OfferAsync(GatewayServer.Model("parrot", engine));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not now"), await server.AnswerAsync(Chat));
    }

    [Fact]
    public async Task Replica_ThatListensNoMore_IsAnsweredForWithin_ItsWait()
    {
        await using var server = await GatewayServer.StartAsync(("Gateway:LongestWait", "00:00:00.2"));
        await server.OfferAsync(GatewayServer.Model("parrot", new Replica("a", new Uri($"http://127.0.0.1:{ReservedPorts.Next()}"))));

        using var answer = await server.ChatAsync(Chat, cancellationToken: Cancelled);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero, "the client is told when to come again");
        Assert.Contains("\"code\":\"model_unavailable\"", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    /// <summary>Ollama, for one, has no path /health.</summary>
    [Fact]
    public async Task Replica_WithoutAHealthPath_IsNotTakenForDead()
    {
        await using var server = await GatewayServer.StartAsync(("Gateway:HealthInterval", "00:00:00.05"));
        var asked = 0;
        var engine = await server.PlainEngineAsync("a", http =>
        {
            asked += http.Request.Path == "/health" ? 1 : 0;
            http.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        await server.OfferAsync(GatewayServer.Model("parrot", engine));
        var pool = server.Api.Get<ModelTable>().Find("default", "parrot")!.Pool;

        // More often than a replica may fail.
        await Wait.UntilAsync(() => Task.FromResult(asked > 5), () => $"the replica is asked whether it lives; it was {asked} times");

        Assert.True(pool.CanTake, "a replica that answers, whatever it says of a path, gets requests");
    }

    [Fact]
    public async Task Queue_ThatIsFull_IsRefusedWithTheTimeToComeAgain()
    {
        await using var server = await GatewayServer.StartAsync(("Gateway:MaxOutstanding", "1"), ("Gateway:MaxWaiting", "1"));
        var goesOn = new TaskCompletionSource();
        var engine = await server.EngineAsync("a", http => goesOn.Task.WaitAsync(http.RequestAborted));
        await server.OfferAsync(GatewayServer.Model("parrot", engine));
        var pool = server.Api.Get<ModelTable>().Find("default", "parrot")!.Pool;
        var first = server.AnswerAsync(Chat);
        await Wait.UntilAsync(() => Task.FromResult(pool.Outstanding["a"] == 1), () => "one request is at the engine");
        var second = server.AnswerAsync(Chat);
        await Wait.UntilAsync(() => Task.FromResult(pool.Waiting == 1), () => "one request waits");

        using var third = await server.ChatAsync(Chat, cancellationToken: Cancelled);

        Assert.Equal(HttpStatusCode.TooManyRequests, third.StatusCode);
        Assert.True(third.Headers.RetryAfter?.Delta > TimeSpan.Zero, "the client is told when to come again");
        goesOn.SetResult();
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), ((await first).Status, (await second).Status));
    }

    [Fact]
    public async Task Model_WithoutReplicas_IsStartedByItsFirstRequest_WhichWaitsForIt()
    {
        await using var server = await GatewayServer.StartAsync();
        var asleep = GatewayServer.Model("parrot") with { CanWake = true, Tenant = "red" };
        await server.OfferAsync(asleep);
        var (_, key) = await server.Api.GivenKeyAsync("red");

        var asked = server.AnswerAsync(Chat, key);
        await Wait.UntilAsync(() => Task.FromResult(!server.Catalog.Woken.IsEmpty), () => "the model is started");
        var engine = await server.EngineAsync("a", http => http.Response.WriteAsync("awake"));
        await server.OfferAsync(asleep with { Replicas = [engine] });

        Assert.Equal((HttpStatusCode.OK, "awake"), await asked);
        Assert.Equal(["red/parrot"], server.Catalog.Woken);
        await Wait.UntilAsync(() => Task.FromResult(server.Catalog.Touches == 2), () => "its begin and its end put off the idle end");
    }

    [Fact]
    public async Task Surprise_IsToldAsOpenAiDoes_WithoutItsReason()
    {
        await using var server = await GatewayServer.StartAsync();
        await server.OfferAsync(GatewayServer.Model("parrot") with { CanWake = true });
        server.Catalog.Failure = new InvalidOperationException("SELECT secret");

        Assert.Equal(
            (HttpStatusCode.InternalServerError,
                """{"error":{"message":"The server failed to handle this request; the reason is in its log.","""
                + "\"type\":\"server_error\",\"param\":null,\"code\":\"internal_error\"}}"),
            await server.AnswerAsync(Chat));
    }

    [Fact]
    public async Task Replica_ThatIsTakenAway_EndsWhatItHas_AndGetsNoMore()
    {
        await using var server = await GatewayServer.StartAsync();
        var goesOn = new TaskCompletionSource();
        var old = await server.EngineAsync("old", async http =>
        {
            await goesOn.Task.WaitAsync(http.RequestAborted);
            await http.Response.WriteAsync("old");
        });
        await server.OfferAsync(GatewayServer.Model("parrot", old));
        var first = server.AnswerAsync(Chat);
        var pool = server.Api.Get<ModelTable>().Find("default", "parrot")!.Pool;
        await Wait.UntilAsync(() => Task.FromResult(pool.Outstanding["old"] == 1), () => "the request is at the engine");

        await server.OfferAsync(GatewayServer.Model("parrot", await server.EngineAsync("new", http => http.Response.WriteAsync("new"))));

        Assert.Equal((HttpStatusCode.OK, "new"), await server.AnswerAsync(Chat));
        goesOn.SetResult();
        Assert.Equal((HttpStatusCode.OK, "old"), await first);
    }

    [Fact]
    [Trait("Row", "37")]
    public async Task OfficialClient_ChatsStreamsAndLists()
    {
        await using var server = await GatewayServer.StartAsync();
        using var echo = await EchoProcess.StartAsync("a", "parrot");
        await server.OfferAsync(GatewayServer.Model("parrot", echo.Replica));
        var (_, key) = await server.Api.GivenKeyAsync("red");
        var options = new OpenAIClientOptions { Endpoint = new Uri(server.Api.Address, "/v1") };
        var client = new OpenAIClient(new ApiKeyCredential(key), options);
        var chat = client.GetChatClient("parrot");

        ChatCompletion whole = await chat.CompleteChatAsync([new UserChatMessage("one two three")], cancellationToken: Cancelled);
        var streamed = new StringBuilder();
        await foreach (var update in chat.CompleteChatStreamingAsync(
            [new UserChatMessage("one two three")], cancellationToken: Cancelled))
        {
            streamed.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
        }

        Assert.Equal(("one two three", "one two three"), (whole.Content[0].Text, streamed.ToString()));
        Assert.Equal(3, whole.Usage.OutputTokenCount);
        var models = await client.GetOpenAIModelClient().GetModelsAsync(Cancelled);
        Assert.Equal(["parrot"], models.Value.Select(model => model.Id));
        var missing = await Assert.ThrowsAsync<ClientResultException>(
            () => client.GetChatClient("owl").CompleteChatAsync([new UserChatMessage("one")], cancellationToken: Cancelled));
        Assert.Equal(404, missing.Status);
    }

    [Fact]
    public async Task Tokens_BeyondTheLimitOfAKey_AreRefused_AndThoseOfAnotherKeyAreNot()
    {
        await using var server = await GatewayServer.StartAsync(("Gateway:TokensPerMinutePerKey", "5"));
        using var echo = await EchoProcess.StartAsync("a", "parrot");
        await server.OfferAsync(GatewayServer.Model("parrot", echo.Replica));
        var ((_, mine), (_, other)) = (await server.Api.GivenKeyAsync("red"), await server.Api.GivenKeyAsync("red"));
        const string Words = """{"model":"parrot","stream":true,"messages":[{"role":"user","content":"1 2 3 4 5 6 7 8 9"}]}""";

        Assert.Equal(HttpStatusCode.OK, (await server.AnswerAsync(Words, mine)).Status);
        using var refused = await server.ChatAsync(Words, mine, cancellationToken: Cancelled);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero, "the client is told when to come again");
        Assert.Contains(
            "\"type\":\"rate_limit_error\"", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await server.AnswerAsync(Words, other)).Status);
    }
}
