using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Testing.Clusters;

namespace Sandbox.Api.Tests.Middleware;

public sealed class TenantLimitsTests
{
    private const string Reason =
        "The tenant makes more requests than it may (Api:MaxRequestsPerSecond, Api:MaxRequestsPerTenant, Api:MaxStreamsPerTenant).";

    [Fact]
    public async Task Tenant_WithAsManyRequestsAsItMay_IsToldSoInTheFormOfEachFace()
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxRequestsPerTenant", "2"));
        var (id, (_, red), (_, blue)) =
            (await server.GivenRunningAsync(), await server.GivenKeyAsync("default"), await server.GivenKeyAsync("blue"));
        using var held = new Held(server, "/rock/execute", count: 2);
        var (first, second) = (AskAsync(), AskAsync());
        await held.Begun;

        using var rock = await server.AskAsync(red, ApiServer.Rock + "/is_alive?sandbox_id=x");
        using var management = await server.AskAsync(red, "/api/v1/sandboxes");
        using var others = await server.AskAsync(blue, "/api/v1/sandboxes");
        using var stream = await EnvdAsync(server, red, id, "/health");

        Assert.Equal((429, "1"), ((int)rock.StatusCode, rock.Headers.RetryAfter?.ToString()));
        Assert.Equal(
            $$"""{"status":"Failed","message":"too_many_requests","error":"{{Reason}}","result":null}""",
            await rock.Content.ReadAsStringAsync());
        Assert.Equal((429, "1"), ((int)management.StatusCode, management.Headers.RetryAfter?.ToString()));
        Assert.Equal("application/problem+json", management.Content.Headers.ContentType?.MediaType);
        Assert.Equal(200, (int)others.StatusCode);
        Assert.NotEqual(429, (int)stream.StatusCode);
        held.Release();
        Assert.All(await Task.WhenAll(first, second), answer => Assert.Equal(200, (int)answer.StatusCode));

        // A caller has its answer a moment before the request has ended.
        await Wait.UntilAsync(
            async () => (int)(await server.AskAsync(red, ApiServer.Rock + "/is_alive?sandbox_id=x")).StatusCode == 200,
            () => "what has ended counts no longer");

        Task<HttpResponseMessage> AskAsync() =>
            server.AskAsync(red, ApiServer.Rock + "/execute", $$"""{"sandbox_id":"{{id}}","command":"sleep"}""");
    }

    [Fact]
    public async Task Tenant_WithAsManyStreamsAsItMay_HasItsOtherRequestsAnswered()
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxStreamsPerTenant", "1"));
        var (id, (_, red)) = (await server.GivenRunningAsync(), await server.GivenKeyAsync("default"));
        using var held = new Held(server, "/envd/health");
        var first = EnvdAsync(server, red, id, "/health");
        await held.Begun;

        using var second = await EnvdAsync(server, red, id, "/health");
        using var events = await server.AskAsync(red, "/api/v1/events");
        using var other = await server.AskAsync(red, ApiServer.Rock + "/is_alive?sandbox_id=x");

        Assert.Equal(429, (int)second.StatusCode);
        Assert.Equal($$"""{"message":"{{Reason}}","code":429}""", await second.Content.ReadAsStringAsync());
        Assert.Equal((429, 200), ((int)events.StatusCode, (int)other.StatusCode));
        held.Release();
        using var answered = await first;
    }

    [Fact]
    public async Task Tenant_ThatAsksMoreOftenThanItMay_IsToldToWait()
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxRequestsPerSecond", "1"));
        var ((_, red), (_, blue)) = (await server.GivenKeyAsync("red"), await server.GivenKeyAsync("blue"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(async _ =>
        {
            using var answer = await server.AskAsync(red, ApiServer.Rock + "/get_token");
            return ((int)answer.StatusCode, answer.Headers.RetryAfter is not null);
        }));
        using var others = await server.AskAsync(blue, ApiServer.Rock + "/get_token");

        Assert.Contains((200, false), answers);
        Assert.Contains((429, true), answers);
        Assert.Equal(200, (int)others.StatusCode);
    }

    [Fact]
    public async Task Keys_ThatAreNone_AreLookedUpOnlySoOften()
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxWrongKeysPerMinute", "3"));
        var (_, good) = await server.GivenKeyAsync("red");
        using var first = await server.AskAsync(good, "/api/v1/sandboxes");

        var statuses = new List<int>();
        for (var guess = 0; guess < 5; guess++)
        {
            using var answer = await server.AskAsync($"guess-{guess}", "/api/v1/sandboxes");
            statuses.Add((int)answer.StatusCode);
        }

        using var again = await server.AskAsync("guess-0", "/api/v1/sandboxes");
        using var none = await server.AskAsync(null, "/api/v1/sandboxes");

        Assert.Equal(200, (int)first.StatusCode);
        Assert.Equal([401, 401, 401, 429, 429], statuses);
        Assert.Equal((401, 401), ((int)again.StatusCode, (int)none.StatusCode));
    }

    /// <summary>Slow bodies and unread answers are ended by the listener, and connections have an end.</summary>
    [Fact]
    public async Task Listener_OfTheApi_IsBounded()
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxConnections", "17"));

        var limits = server.Get<IOptions<KestrelServerOptions>>().Value.Limits;

        Assert.NotNull(limits.MinRequestBodyDataRate);
        Assert.NotNull(limits.MinResponseDataRate);
        Assert.Equal((17L, 128L * 1024), (limits.MaxConcurrentConnections!.Value, limits.MaxRequestBufferSize!.Value));
    }

    private static async Task<HttpResponseMessage> EnvdAsync(ApiServer server, string key, SandboxId id, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("E2b-Sandbox-Id", id.ToString());
        request.Headers.Add("X-API-Key", key);
        return await server.Http.SendAsync(request);
    }

    /// <summary>Holds what the agent answers.</summary>
    private sealed class Held : IDisposable
    {
        private readonly TaskCompletionSource _begun = new(), _released = new();

        private int _left;

        public Held(ApiServer server, string route, int count = 1)
        {
            _left = count;
            server.Agent.Routes[route] = AnswerAsync;
        }

        public Task Begun => _begun.Task.WaitAsync(TimeSpan.FromSeconds(60));

        public void Release() => _released.TrySetResult();

        public void Dispose() => Release();

        private async Task AnswerAsync(HttpContext http)
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _begun.TrySetResult();
            }

            await _released.Task;
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("""{"stdout":"","stderr":"","exit_code":0}"""));
        }
    }
}
