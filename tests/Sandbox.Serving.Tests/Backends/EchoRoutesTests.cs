using System.Net;
using System.Text;
using System.Text.Json;

namespace Sandbox.Serving.Tests.Backends;

/// <summary>The engine for tests speaks the OpenAI interface as the others do.</summary>
public sealed class EchoRoutesTests(EchoServer server) : IClassFixture<EchoServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/health", "", 200, """{"status":"healthy","model":"parrot","engine":"echo","tensor_parallel_size":1}""")]
    [InlineData("GET", "/v1/health", "", 200, """{"status":"healthy","model":"parrot","engine":"echo","tensor_parallel_size":1}""")]
    [InlineData(
        "GET", "/v1/models", "", 200,
        """{"object":"list","data":[{"id":"parrot","object":"model","created":0,"owned_by":"echo"}]}""")]
    [InlineData(
        "POST", "/v1/completions", """{"prompt":"one two three","max_tokens":2}""", 200,
        """
        {"id":"echo-1","object":"text_completion","created":0,"model":"parrot","choices":[{"index":0,"text":"one two",
        "finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}
        """)]
    [InlineData(
        "POST", "/v1/chat/completions", """{"model":"parrot","messages":[{"role":"user","content":"one two"}]}""", 200,
        """
        {"id":"echo-1","object":"chat.completion","created":0,"model":"parrot","choices":[{"index":0,"message":
        {"role":"assistant","content":"one two"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":2,"completion_tokens":2,"total_tokens":4}}
        """)]
    [InlineData(
        "GET", "/v1/nothing", "", 404,
        """{"error":{"message":"There is no /v1/nothing.","type":"invalid_request_error","code":"not_found"}}""")]
    [InlineData(
        "POST", "/v1/completions", """{"model":"gpt","prompt":"a"}""", 404,
        """{"error":{"message":"There is no model 'gpt'.","type":"invalid_request_error","code":"model_not_found"}}""")]
    [InlineData(
        "POST", "/v1/completions", """{"prompt":"/fail"}""", 500,
        """{"error":{"message":"The engine was told to fail.","type":"server_error","code":"engine_error"}}""")]
    [InlineData(
        "POST", "/v1/completions", """{"max_tokens":1}""", 400,
        """{"error":{"message":"prompt is required and is text.","type":"invalid_request_error","code":"invalid_request"}}""")]
    public async Task Route_Asked_AnswersAsTheInterfaceSays(string method, string path, string body, int status, string expected)
    {
        using var request = new HttpRequestMessage(new(method), path);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await server.Http.SendAsync(request, Cancellation);

        var answer = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.True(
            JsonElement.DeepEquals(JsonElement.Parse(expected), JsonElement.Parse(answer)), $"expected {expected}, and {answer} came");
    }

    [Fact]
    public async Task Stream_OfAChat_IsAnEventForEachTokenAndEndsWithDone()
    {
        using var content = new StringContent(
            """{"stream":true,"messages":[{"role":"user","content":"one two"}]}""", Encoding.UTF8, "application/json");

        using var response = await server.Http.PostAsync("/v1/chat/completions", content, Cancellation);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = (await response.Content.ReadAsStringAsync(Cancellation)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        Assert.Equal(
            ["one ", "two"],
            events[..^1].Select(chunk => JsonElement.Parse(chunk["data: ".Length..]).GetProperty("choices")[0].GetProperty("delta")
                .GetProperty("content").GetString()));
    }
}
