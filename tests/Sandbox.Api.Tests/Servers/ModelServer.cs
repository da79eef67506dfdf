using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Deployments;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Serving.Routing;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Servers;

/// <summary>The whole of one machine in this process, with real agents as Local sandboxes and the Echo engine as a program.</summary>
public sealed class ModelServer : IAsyncLifetime
{
    /// <summary>Long enough for a busy machine; a wait that needs it all has failed.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    private readonly TempFolder _folder = new();
    private WebApplication _app = null!;

    /// <summary>The assembly of the engine, built beside this one.</summary>
    public static string EchoAssembly { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Sandbox.Serving.Echo",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "Sandbox.Serving.Echo.dll"));

    public HttpClient Http { get; private set; } = null!;

    public string Database => _folder.File("sandbox.db");

    internal RecordedLogs Logs { get; } = new();

    public TService Get<TService>()
        where TService : notnull => _app.Services.GetRequiredService<TService>();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(Logs)
            .AddFilter((category, _) => category?.StartsWith("Sandbox.", StringComparison.Ordinal) is true);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:DataFolder"] = _folder.Path,
            ["Worker:ClusterId"] = "model-tests",
            ["Worker:NodeName"] = "node-1",
            ["Worker:AllowUnisolated"] = "true",
            ["Worker:ManagedAgent"] = Path.Combine(AppContext.BaseDirectory, "sandbox-agent.dll"),
            ["Worker:ModelFolders:0"] = Path.GetDirectoryName(EchoAssembly),
            ["Serving:EngineAssemblies:0"] = EchoAssembly,
            ["Operator:StopWait"] = "00:02:00",
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddStandaloneStorage(Database).AddStandaloneNode().AddDeployments().AddApi();
        _app = builder.Build();
        _app.MapApi();
        await _app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(_app.Urls.Single()), Timeout = TimeSpan.FromMinutes(5) };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var model in await ListAsync())
        {
            await Http.DeleteAsync($"/api/v1/models/{model.GetProperty("name").GetString()}");
        }

        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Asks for a model; the status and the body of the answer.</summary>
    public async Task<(int Status, JsonElement Body)> AskForAsync(object request)
    {
        using var answer = await Http.PostAsJsonAsync("/api/v1/models", request);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>A model of the Echo engine that is ready.</summary>
    public async Task<JsonElement> GivenEchoAsync(string name, int replicas = 1)
    {
        var (status, body) = await AskForAsync(new
        {
            name,
            engine = "echo",
            replicas,
            cpus = 0.5,
            memory = "256m",
            configuration = new
            {
                model = name,
            }
        });
        Assert.True(status == 201, $"the model was to be accepted: {body}");
        return await WhenAsync(name, model => Running(model) == replicas);
    }

    public static int Running(JsonElement model) =>
        model.GetProperty("replicas").EnumerateArray().Count(replica => replica.GetProperty("state").GetString() == "running");

    public async Task<IReadOnlyList<JsonElement>> ListAsync() =>
        [.. (await Http.GetFromJsonAsync<JsonElement>("/api/v1/models")).EnumerateArray()];

    public Task<JsonElement> FindAsync(string name) => Http.GetFromJsonAsync<JsonElement>($"/api/v1/models/{name}");

    /// <summary>Asks again until the model is as expected: for what happens by itself.</summary>
    public async Task<JsonElement> WhenAsync(string name, Func<JsonElement, bool> isIt)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var model = await FindAsync(name);
            if (isIt(model))
            {
                return model;
            }

            Assert.True(
                Stopwatch.GetElapsedTime(begun) < Generous,
                $"not within {Generous}: {model}\n{string.Join('\n', Logs.Lines)}");
            await ticks.WaitForNextTickAsync();
        }
    }

    /// <summary>The replicas as a gateway is told of them.</summary>
    public async Task<OfferedModel?> OfferedAsync(string name)
    {
        await foreach (var models in Get<IModelCatalog>().WatchAsync(TestContext.Current.CancellationToken))
        {
            return models.FirstOrDefault(model => model.Name == name);
        }

        return null;
    }

    /// <summary>A client whose connections go to replicas.</summary>
    public HttpClient Through() => new(new SocketsHttpHandler
    {
        ConnectCallback = (context, cancellationToken) => Get<IReplicaConnector>().ConnectAsync(
            new("any", new UriBuilder("http", context.DnsEndPoint.Host, context.DnsEndPoint.Port).Uri), cancellationToken),
    });

    /// <summary>Ids of the sandboxes that there are.</summary>
    public async Task<IReadOnlyList<string>> SandboxesAsync() =>
    [
        .. (await Get<ISandboxStore>().ListAsync(
            new SandboxQuery([SandboxState.Pending, SandboxState.Running, SandboxState.Stopped], new Dictionary<string, string>()),
            default))
            .Items.Select(sandbox => sandbox.Id.ToString()),
    ];
}
