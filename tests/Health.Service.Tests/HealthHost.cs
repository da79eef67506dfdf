using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Health.Service.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Signatures;
using Sandbox.Contracts.Cluster;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Health.Service.Tests;

/// <summary>The service as its program makes it, on a free port, on a clock of the test's own.</summary>
internal sealed class HealthHost : IAsyncDisposable
{
    public const string Secret = "a secret of the tests that is long enough";

    private readonly WebApplication _app;
    private readonly TempFolder? _ownFolder;

    private HealthHost(WebApplication app, FakeTimeProvider time, TempFolder? ownFolder) =>
        (_app, Time, _ownFolder) = (app, time, ownFolder);

    public FakeTimeProvider Time { get; }

    public HttpClient Http { get; } = new();

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <param name="folder">Where the lock is; null: a folder that no other host has.</param>
    /// <param name="database">Empty: in memory.</param>
    public static async Task<HealthHost> StartAsync(
        string whitelist = "w1 w2:6390", string? folder = null, string database = "", FakeTimeProvider? time = null)
    {
        time ??= new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var ownFolder = folder is null ? new TempFolder() : null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["Cluster:Id"] = "tests",
            ["Cluster:Secret"] = Secret,
            ["HEAD_WHITELIST"] = whitelist,
            ["Health:LockFolder"] = folder ?? ownFolder!.Path,
        });
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddHeadStorage(database);
        builder.Services.AddHealth();
        var app = builder.Build();
        app.MapHealth();
        var host = new HealthHost(app, time, ownFolder);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        host.Http.BaseAddress = new Uri(app.Urls.Single());
        return host;
    }

    /// <summary>Signs as a process that knows this secret does.</summary>
    /// <param name="instance">Null: for this instance of the service.</param>
    public void Sign(HttpRequestMessage request, string secret = Secret, string? instance = null, TimeProvider? time = null) =>
        TestSigner.Of(secret, SignaturePurpose.Health, time ?? Time)
            .Sign(request, HealthRoutes.RecipientOf(instance ?? Get<HealthCallers>().Instance));

    /// <summary>One request; signed with the secret unless a header is given instead.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? body, string secret = Secret, (string Name, string Value)? instead = null)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (instead is var (name, value))
        {
            request.Headers.Add(name, value);
        }
        else
        {
            Sign(request, secret);
        }

        return await Http.SendAsync(request);
    }

    public async Task<(int Status, HeadAnswer Answer)> PostAsync<T>(
        string path, T body, JsonTypeInfo<T> type, (string Name, string Value)? instead = null)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, System.Text.Json.JsonSerializer.Serialize(body, type), instead: instead);
        return ((int)answer.StatusCode, await ReadAsync(answer));
    }

    public Task<(int Status, HeadAnswer Answer)> RegisterAsync(string node, string life = "a", int headPort = 6390) => PostAsync(
        HealthRoutes.Register, new RegisterRequest(node, life, $"{node}.example", headPort, 10001, 8265, "1"),
        HeadJson.Default.RegisterRequest);

    public Task<(int Status, HeadAnswer Answer)> AcquireAsync(string node, string life = "a") =>
        PostAsync(HealthRoutes.Acquire, new AcquireRequest(node, life), HeadJson.Default.AcquireRequest);

    public Task<(int Status, HeadAnswer Answer)> BeatAsync(string node, long version, string life = "a", bool leaving = false) =>
        PostAsync(HealthRoutes.Heartbeat, new HeartbeatRequest(node, life, version, leaving), HeadJson.Default.HeartbeatRequest);

    public static async Task<HeadAnswer> ReadAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync(HeadJson.Default.HeadAnswer))!;

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        _ownFolder?.Dispose();
    }
}
