using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Sandbox.Serving.Llama.Tests.OpenAi;

/// <summary>Real inference, over HTTP.</summary>
public sealed class LlamaEndpointsTests(LlamaServer server) : IClassFixture<LlamaServer>
{
    private const string Completions = "/v1/completions";
    private const string Chat = "/v1/chat/completions";

    private static object Greedy => new { model = "tiny", prompt = "Hello", max_tokens = 12, temperature = 0 };

    [Theory]
    [InlineData("/health")]
    [InlineData("/v1/health")]
    public async Task Health_OfALoadedModel_NamesIt(string path)
    {
        var health = await server.Http.GetFromJsonAsync<JsonElement>(path);

        Assert.Equal("""{"status":"healthy","model":"tiny","engine":"llama","tensor_parallel_size":1}""", health.GetRawText());
    }

    [Fact]
    public async Task Models_OfTheProgram_AreItsOne()
    {
        var models = await server.Http.GetFromJsonAsync<JsonElement>("/v1/models");

        Assert.Equal("tiny", Assert.Single(models.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task Completion_AtTemperature0_IsTheSameEachTime()
    {
        var (first, second) = (await PostAsync(Completions, Greedy), await PostAsync(Completions, Greedy));

        Assert.Equal("text_completion", first.GetProperty("object").GetString());
        Assert.NotEqual("", TextOf(first));
        Assert.Equal(TextOf(first), TextOf(second));
        Assert.Equal("length", FinishOf(first));
        var usage = first.GetProperty("usage");
        Assert.Equal(12, usage.GetProperty("completion_tokens").GetInt32());
        // The beginning, a space that the tokenizer adds, and five letters.
        Assert.Equal(7, usage.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(19, usage.GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task Completion_WithASeed_DependsOnItOnly()
    {
        static object Request(int seed) => new { prompt = "Hello", max_tokens = 24, temperature = 1, seed };

        var first = TextOf(await PostAsync(Completions, Request(1)));

        Assert.Equal(first, TextOf(await PostAsync(Completions, Request(1))));
        Assert.NotEqual(first, TextOf(await PostAsync(Completions, Request(2))));
    }

    [Fact]
    public async Task Completion_WithAStopWord_EndsBeforeIt()
    {
        var whole = TextOf(await PostAsync(Completions, Greedy));
        var stop = whole[4..6];

        var answer = await PostAsync(Completions, new { prompt = "Hello", max_tokens = 12, temperature = 0, stop });

        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], TextOf(answer));
        Assert.Equal("stop", FinishOf(answer));
    }

    [Fact]
    public async Task Chat_WithMessages_AnswersAsTheAssistant()
    {
        var answer = await PostAsync(
            Chat, new { messages = new[] { new { role = "user", content = "Hi" } }, max_tokens = 5, temperature = 0 });

        Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
        var message = answer.GetProperty("choices")[0].GetProperty("message");
        Assert.Equal("assistant", message.GetProperty("role").GetString());
        Assert.NotEqual("", message.GetProperty("content").GetString());
    }

    [Fact]
    public async Task Stream_OfACompletion_IsTheSameTextInPieces()
    {
        var whole = TextOf(await PostAsync(Completions, Greedy));

        var events = await StreamAsync(
            new { prompt = "Hello", max_tokens = 12, temperature = 0, stream = true, stream_options = new { include_usage = true } });

        Assert.Equal("[DONE]", events[^1]);
        var usage = JsonElement.Parse(events[^2]);
        Assert.Equal(0, usage.GetProperty("choices").GetArrayLength());
        Assert.Equal(12, usage.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        var chunks = events[..^2].Select(text => JsonElement.Parse(text)).ToList();
        Assert.True(chunks.Count > 5, $"A stream comes in pieces, this one in {chunks.Count}.");
        Assert.Equal(whole, string.Concat(chunks.Select(TextOf)));
        Assert.Equal("length", FinishOf(chunks[^1]));
    }

    [Fact]
    public async Task Stream_ThatAsksForNoUsage_HasNone()
    {
        var events = await StreamAsync(new { prompt = "Hello", max_tokens = 3, stream = true });

        Assert.Equal("[DONE]", events[^1]);
        Assert.DoesNotContain(events, data => data.Contains("usage", StringComparison.Ordinal));
    }

    /// <summary>There is one context: the next request gets an answer only when the first one has left it.</summary>
    [Fact]
    public async Task Stream_WhoseClientGoesAway_LeavesItsContext()
    {
        using (await BeginStreamAsync())
        {
        }

        Assert.Equal("length", FinishOf(await PostAsync(Completions, Greedy)));
    }

    [Fact]
    public async Task Request_BesideAFullQueue_Is503WithRetryAfter()
    {
        await using var working = server.Generate();
        await working.MoveNextAsync();
        await using var waiting = server.Generate();
        var wait = waiting.MoveNextAsync();

        using var refused = await server.Http.PostAsJsonAsync(Completions, Greedy);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal("queue_full", await CodeOfAsync(refused));
        await working.DisposeAsync();
        Assert.True(await wait, "The one that waited goes on when the context is free.");
    }

    [Theory]
    [InlineData("no JSON", 400, "invalid_request")]
    [InlineData("[]", 400, "invalid_request")]
    [InlineData("{}", 400, "invalid_request")]
    [InlineData("""{"prompt":1}""", 400, "invalid_request")]
    [InlineData("""{"prompt":"a","temperature":"hot"}""", 400, "invalid_request")]
    [InlineData("""{"prompt":"a","max_tokens":0}""", 400, "invalid_request")]
    [InlineData("""{"prompt":"a","stop":[""]}""", 400, "invalid_request")]
    [InlineData("""{"prompt":"a","stream":"yes"}""", 400, "invalid_request")]
    [InlineData("""{"prompt":"a","model":"other"}""", 404, "model_not_found")]
    public async Task Request_ThatIsWrong_IsAnErrorOfTheOpenAiInterface(string body, int status, string code)
    {
        using var answer = await server.Http.PostAsync(Completions, new StringContent(body));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(code, await CodeOfAsync(answer));
    }

    [Fact]
    public async Task Prompt_OverTheContext_IsRefused()
    {
        using var answer = await server.Http.PostAsJsonAsync(Completions, new { prompt = new string('a', TinyModel.ContextLength) });

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("invalid_request", await CodeOfAsync(answer));
    }

    [Fact]
    public async Task Prompt_OfSeveralBatches_IsRead()
    {
        var answer = await PostAsync(Completions, new { prompt = new string('a', 1200), max_tokens = 2, temperature = 0 });

        Assert.Equal(1202, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Request_WithAnotherKey_Is401()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new("Bearer", "wrong") } };

        using var answer = await server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("invalid_api_key", await CodeOfAsync(answer));
    }

    [Fact]
    public async Task Path_ThatIsUnknown_Is404()
    {
        using var answer = await server.Http.GetAsync("/v1/embeddings");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("not_found", await CodeOfAsync(answer));
    }

    private static string TextOf(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("text").GetString()!;

    private static string? FinishOf(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString();

    private static async Task<string?> CodeOfAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString();

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await server.Http.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path} answered {(int)answer.StatusCode}: {text}");
        return JsonElement.Parse(text);
    }

    private async Task<string[]> StreamAsync(object body)
    {
        using var answer = await server.Http.PostAsJsonAsync(Completions, body);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        return [.. (await answer.Content.ReadAsStringAsync())
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(data => data["data: ".Length..])];
    }

    /// <summary>A long answer of which the first bytes have come.</summary>
    private async Task<HttpResponseMessage> BeginStreamAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Completions)
        {
            Content = JsonContent.Create(new { prompt = "Hello", temperature = 0, stream = true }),
        };
        return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
