using System.Text;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Middleware;

public sealed class AccessLogTests
{
    [Fact]
    public async Task Log_OfARequest_SaysWhatAndNeverWith()
    {
        await using var server = await ApiServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiServer.Rock + "/start?secret-query=1");
        request.Content = new StringContent(
            """{"image":"secret-image","sandbox_id":"secret-id","registry_username":"u","registry_password":"secret-password","env":{"A":"secret-env"}}""",
            Encoding.UTF8, "application/json");
        request.Headers.Add("X-API-Key", "secret-key");
        using var answer = await server.Http.SendAsync(request);
        using var unknown = await server.Http.DeleteAsync(ApiServer.Rock + "/sandboxes/secret-id%0Aforged");

        await server.Logs.UntilAsync("5001 POST /apis/envs/sandbox/v1/start answered 200 in ");
        await server.Logs.UntilAsync("5001 DELETE /apis/envs/sandbox/v1/sandboxes/{id} answered 200 in ");
        Assert.DoesNotContain(server.Logs.Lines, line => line.Contains("secret-password", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Logs.Lines, line => line.StartsWith('5') && line.Contains("secret", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Logs.Lines, line => line.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Surprise_InsideARoute_IsAFailureThatTellsNothingOfUs()
    {
        await using var server = await ApiServer.StartAsync();
        server.Placement.Surprise = new InvalidOperationException("SELECT secret FROM inside");

        var answer = await server.PostAsync("/start", """{"image":"busybox"}""");

        Assert.Equal(
            """{"status":"Failed","message":"start sandbox failed","error":"The server failed to handle this request; the reason is in its log.","result":null}""",
            answer);
        await server.Logs.UntilAsync("5101 ");
        Assert.Contains(
            server.Logs.Lines, line =>
                line.StartsWith("5101 ", StringComparison.Ordinal) && line.Contains("SELECT secret", StringComparison.Ordinal));
    }
}
