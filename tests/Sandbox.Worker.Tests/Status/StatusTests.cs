using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Management;
using Sandbox.Node.Leases;
using Sandbox.Worker.Head;
using Sandbox.Worker.Status;
using Sandbox.Worker.Tests.Head;

namespace Sandbox.Worker.Tests.Status;

/// <summary>A node's status page and client port, before an API that knows one key.</summary>
public sealed class StatusTests : IAsyncLifetime
{
    private const string Key = "the-key";

    private static readonly NodeResult Node = new(
        "n<1>", "alive", false, 0, "http://127.0.0.1:1", "127.0.0.1", "1", ["docker"], new Dictionary<string, string>(), 2,
        new NodeCapacityMessage(4, 8L << 30, null, 0), new NodeCapacityMessage(3, 7L << 30, null, 0), null);

    private readonly WebApplication _api;
    private readonly List<WebApplication> _made = [];
    private bool _wantsKey = true;

    public StatusTests() => _api = MakeApi(() => _wantsKey);

    public async ValueTask InitializeAsync() => await _api.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _made.Append(_api))
        {
            await app.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("X-API-Key", Key, HttpStatusCode.OK)]
    [InlineData("Authorization", $"Bearer {Key}", HttpStatusCode.OK)]
    [InlineData("Authorization", "Basic YW55Ym9keTp0aGUta2V5", HttpStatusCode.OK)]
    [InlineData("X-API-Key", "another", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "Basic YW55Ym9keTp3cm9uZw==", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "Basic ***", HttpStatusCode.Unauthorized)]
    [InlineData("X-Other", "", HttpStatusCode.Unauthorized)]
    public async Task Page_IsShownToWhoHasAKeyOfTheApi(string header, string value, HttpStatusCode expected)
    {
        var (status, body) = await AskAsync(MakeNode(_api).GetRequiredService<StatusPage>().HandleAsync, "/", (header, value));

        Assert.Equal(expected, status);
        Assert.Equal(expected is HttpStatusCode.OK, body.Contains("<h1>1 nodes</h1>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_EscapesWhatNodesAreCalled()
    {
        var (_, body) = await AskAsync(MakeNode(_api).GetRequiredService<StatusPage>().HandleAsync, "/", ("X-API-Key", Key));

        Assert.Contains("n&lt;1&gt;", body, StringComparison.Ordinal);
        Assert.DoesNotContain("n<1>", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OfAnApiThatLetsEverybodyIn_StaysShut()
    {
        await using var open = MakeApi(() => false);
        await open.StartAsync();

        var (status, body) = await AskAsync(MakeNode(open).GetRequiredService<StatusPage>().HandleAsync, "/", ("X-API-Key", Key));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.DoesNotContain("nodes", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_OfANodeThatIsSilent_SayThatItIs()
    {
        var (status, body) = await AskAsync(MakeNode(_api).GetRequiredService<StatusPage>().HandleAsync, "/logs/n<1>", ("X-API-Key", Key));

        Assert.Equal((HttpStatusCode.OK, "n<1> does not answer at http://127.0.0.1:1/"), (status, body));
    }

    [Fact]
    public void Tail_KeepsTheLastLinesOnly()
    {
        using var tail = new LogTail(TimeProvider.System);
        var logger = tail.CreateLogger("test");
        for (var number = 0; number < 501; number++)
        {
            logger.Log(LogLevel.Information, default, number, null, static (state, _) => $"line {state}");
        }

        Assert.Equal(500, tail.Lines.Count);
        Assert.EndsWith("test line 1", tail.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("test line 500", tail.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientPort_OfANodeThatIsNotTheHead_SaysWhoIs()
    {
        var node = MakeNode(_api);
        node.GetRequiredService<NodeRole>().Hear(new HeadAnswer
        {
            Mode = HeadAnswer.Worker,
            HeadNode = "n2",
            HeadHost = "192.0.2.2",
            HeadPort = 6390,
            LeaseVersion = 7,
            LeaseMs = 2000,
            Store = HeadAnswer.InPostgres,
            Reason = "n2 is the head",
        });

        var (status, body) = await AskAsync(node.GetRequiredService<HeadApiProxy>().HandleAsync, "/hello", ("X-API-Key", Key));

        Assert.Equal(HttpStatusCode.MisdirectedRequest, status);
        Assert.Equal(
            new RoleAnswer("n1", HeadAnswer.Worker, 7, "192.0.2.2", 6390), JsonSerializer.Deserialize(body, HeadJson.Default.RoleAnswer));
    }

    [Fact]
    public async Task ClientPort_OfTheHead_IsTheApi()
    {
        var proxy = MakeNode(_api, services => services.AddSingleton<ILeaderLease>(new SingleProcessLeases()))
            .GetRequiredService<HeadApiProxy>();

        Assert.Equal((HttpStatusCode.OK, "hello ?a=%2Fb"), await AskAsync(proxy.HandleAsync, "/hello?a=%2Fb", ("X-API-Key", Key)));
    }

    [Fact]
    public async Task ClientPort_ToAnApiThatLetsEverybodyIn_StaysShut()
    {
        await using var open = MakeApi(() => false);
        await open.StartAsync();
        var proxy = MakeNode(open, services => services.AddSingleton<ILeaderLease>(new SingleProcessLeases()))
            .GetRequiredService<HeadApiProxy>();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, ""), await AskAsync(proxy.HandleAsync, "/hello", ("X-API-Key", Key)));
    }

    /// <summary>An API that is started again beside the worker, without keys, lets this machine's programs in; strangers behind the node's
    /// port it must not.</summary>
    [Fact]
    public async Task ClientPort_OfAnApiThatHasLostItsKeys_IsShutAfterAMoment()
    {
        var time = new FakeTimeProvider();
        var proxy = MakeNode(
            _api, services => services.AddSingleton<ILeaderLease>(new SingleProcessLeases()).AddSingleton<TimeProvider>(time))
            .GetRequiredService<HeadApiProxy>();
        Assert.Equal((HttpStatusCode.OK, "hello "), await AskAsync(proxy.HandleAsync, "/hello", ("X-API-Key", Key)));
        _wantsKey = false;
        time.Advance(ApiAuthorizationClient.BelieveFor);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, ""), await AskAsync(proxy.HandleAsync, "/hello", ("X-API-Key", Key)));
    }

    /// <summary>An API without keys refuses what says of itself that it comes through a proxy, also in that moment.</summary>
    [Fact]
    public async Task ClientPort_OfTheHead_SaysThatItIsAProxy()
    {
        var proxy = MakeNode(_api, services => services.AddSingleton<ILeaderLease>(new SingleProcessLeases()))
            .GetRequiredService<HeadApiProxy>();

        Assert.Equal((HttpStatusCode.OK, "1.1 sandbox-node"), await AskAsync(proxy.HandleAsync, "/via", ("X-API-Key", Key)));
    }

    private IServiceProvider MakeNode(WebApplication api, Action<IServiceCollection>? more = null)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [StatusServiceCollectionExtensions.ApiKey] = api.Urls.First() })
            .Build();
        var node = DecidingNode.Build(services =>
        {
            services.AddHttpForwarder();
            services.AddStatus(settings);
            more?.Invoke(services);
        });
        _made.Add(node);
        return node.Services;
    }

    private static WebApplication MakeApi(Func<bool> wantsKey)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var api = builder.Build();
        api.Urls.Add("http://127.0.0.1:0");
        api.Use((http, next) =>
        {
            http.Response.StatusCode = !wantsKey() || http.Request.Headers["X-API-Key"] == Key ? 200 : 401;
            return http.Response.StatusCode == 200 ? next(http) : Task.CompletedTask;
        });
        api.MapGet(
            "/api/v1/nodes", () =>
                Results.Text(JsonSerializer.Serialize([Node], ManagementJson.Default.IReadOnlyListNodeResult), "application/json"));
        api.MapGet("/via", (HttpContext http) => http.Request.Headers.Via.ToString());
        api.MapGet("/hello", (HttpContext http) => $"hello {http.Request.QueryString}");
        return api;
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(
        RequestDelegate handle, string target, (string Name, string Value) header)
    {
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { Response = { Body = body } };
        var (path, query) =
            (target.Split('?')[0],
                target.Contains('?', StringComparison.Ordinal) ? target[target.IndexOf('?', StringComparison.Ordinal)..] : "");
        (http.Request.Method, http.Request.Scheme, http.Request.Host) = ("GET", "http", new HostString("node"));
        (http.Request.Protocol, http.Request.Path, http.Request.QueryString) = ("HTTP/1.1", path, new QueryString(query));
        http.Request.Headers[header.Name] = header.Value;
        await handle(http);
        return ((HttpStatusCode)http.Response.StatusCode, Encoding.UTF8.GetString(body.ToArray()));
    }
}
