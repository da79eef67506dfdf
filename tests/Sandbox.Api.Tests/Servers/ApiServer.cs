using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Client;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Servers;

/// <summary>The real API over real stores and the real operator, on a real socket. Only the node behind it is a stand-in.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    public const string Rock = "/apis/envs/sandbox/v1";

    private readonly WebApplication _app;
    private readonly TempFolder _folder;

    private ApiServer(WebApplication app, TempFolder folder, FakeAgent agent, RecordedLogs logs) =>
        (_app, _folder, Agent, Logs) = (app, folder, agent, logs);

    public FakeAgent Agent { get; }

    public RecordedLogs Logs { get; }

    public FakeGateway Gateway => _app.Services.GetRequiredService<FakeGateway>();

    public TestNode Node => _app.Services.GetRequiredService<TestNode>();

    public TestPlacement Placement => _app.Services.GetRequiredService<TestPlacement>();

    public ISandboxStore Store => _app.Services.GetRequiredService<ISandboxStore>();

    public ISandboxOperator Operator => _app.Services.GetRequiredService<ISandboxOperator>();

    public ITenantStore Tenants => _app.Services.GetRequiredService<ITenantStore>();

    public TService Get<TService>()
        where TService : notnull => _app.Services.GetRequiredService<TService>();

    public string Database => _folder.File("sandboxes.db");

    public Uri Address => new(_app.Urls.First(url => url.StartsWith("http://127", StringComparison.Ordinal)));

    public string Socket => _folder.File("api.sock");

    public HttpClient Http { get; private set; } = null!;

    public SandboxClient Client { get; private set; } = null!;

    /// <param name="settings">Configuration, for example <c>("Api:MaxJsonBody", "2048")</c>.</param>
    public static Task<ApiServer> StartAsync(params (string Name, string Value)[] settings) => StartAsync(TimeProvider.System, settings);

    public static Task<ApiServer> StartAsync(TimeProvider time, params (string Name, string Value)[] settings) =>
        StartAsync(time, static _ => { }, settings);

    /// <param name="configure">Adds what is to stand where the API has something of its own.</param>
    public static async Task<ApiServer> StartAsync(
        TimeProvider time, Action<IServiceCollection> configure, params (string Name, string Value)[] settings)
    {
        var folder = new TempFolder();
        var agent = await FakeAgent.StartAsync();
        var builder = WebApplication.CreateSlimBuilder();
        var logs = new RecordedLogs();
        builder.Logging.ClearProviders().AddProvider(logs)
            .AddFilter((category, _) => category?.StartsWith("Sandbox.", StringComparison.Ordinal) is true);
        builder.Configuration.AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Name, (string?)one.Value)));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(folder.File("api.sock")));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Services.AddSingleton(time);
        builder.Services.AddStandaloneStorage(folder.File("sandboxes.db")).AddApi();
        AddStandIns(builder.Services);
        configure(builder.Services);
        var app = builder.Build();
        app.MapApi();
        await app.StartAsync();
        var server = new ApiServer(app, folder, agent, logs);
        server.Gateway.Agent = agent.Address;
        server.Http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(5) };
        server.Client = new SandboxClient(server.Address, null);
        return server;
    }

    /// <summary>What stands where a node would be.</summary>
    public static void AddStandIns(IServiceCollection node)
    {
        node.AddSingleton<TestPlacement>().AddSingleton<IPlacement>(services => services.GetRequiredService<TestPlacement>());
        node.AddSingleton<FakeGateway>().AddSingleton<IAgentGateway>(services => services.GetRequiredService<FakeGateway>());
        node.AddSingleton<INodeUsage, TestUsage>();
        node.AddSingleton<TestDiagnostics>()
            .AddSingleton<INodeDiagnostics>(services => services.GetRequiredService<TestDiagnostics>());
        node.AddSingleton<TestMaintenance>()
            .AddSingleton<INodeMaintenance>(services => services.GetRequiredService<TestMaintenance>());
        node.AddSingleton<TestLogs>().AddSingleton<ISandboxLogs>(services => services.GetRequiredService<TestLogs>());
        node.AddSingleton<TestEgress>().AddSingleton<IEgressControl>(services => services.GetRequiredService<TestEgress>());
        node.AddSingleton<TestNode>().AddHostedService(services => services.GetRequiredService<TestNode>());
    }

    /// <summary>Makes the tenant, where it is not there yet, and a key of it; its id and its secret.</summary>
    public async Task<(string Id, string Secret)> GivenKeyAsync(
        string tenant, bool admin = false, DateTimeOffset? expires = null, params string[] permissions)
    {
        if (await Tenants.FindAsync(tenant, default) is null)
        {
            await Tenants.PutAsync(new Tenant(tenant, TenantQuota.None), default);
        }

        var (id, secret) = ($"{Guid.NewGuid():N}", $"secret-{Guid.NewGuid():N}");
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(secret));
        Assert.True(
            await Tenants.TryAddKeyAsync(
                new ApiKey(id, tenant, "", hash, admin, DateTimeOffset.UnixEpoch, expires, null) { Permissions = permissions }, default));
        return (id, secret);
    }

    /// <summary>One request with a key in a header, and its answer.</summary>
    public async Task<HttpResponseMessage> AskAsync(string? key, string path, string? json = null, string header = "X-API-Key")
    {
        using var request = new HttpRequestMessage(json is null ? HttpMethod.Get : HttpMethod.Post, path);
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation(header, key);
        }

        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        return await Http.SendAsync(request);
    }

    /// <summary>The exact text of an answer of a ROCK route.</summary>
    public async Task<string> PostAsync(string route, string json, string contentType = "application/json")
    {
        using var content = new StringContent(json, Encoding.UTF8);
        content.Headers.ContentType = new(contentType);
        using var answer = await Http.PostAsync(Rock + route, content);
        Assert.Equal(200, (int)answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    public async Task<string> GetAsync(string route)
    {
        using var answer = await Http.GetAsync(Rock + route);
        Assert.Equal(200, (int)answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>A sandbox that runs and, when it is stopped, stays.</summary>
    public async Task<SandboxId> GivenRunningAsync(string? id = null)
    {
        var named = id ?? SandboxId.New().ToString();
        var answer = await PostAsync("/start", $$"""{"image":"busybox","sandbox_id":"{{named}}","auto_delete_seconds":3600}""");
        Assert.StartsWith("""{"status":"Success",""", answer, StringComparison.Ordinal);
        return SandboxId.Parse(named);
    }

    public async Task<SandboxId> GivenStoppedAsync(string? id = null)
    {
        var running = await GivenRunningAsync(id);
        await PostAsync("/stop", $$"""{"sandbox_id":"{{running}}"}""");
        Assert.Equal(SandboxState.Stopped, (await Store.FindAsync(running, default))!.State);
        return running;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Agent.DisposeAsync();
        _folder.Dispose();
    }
}
