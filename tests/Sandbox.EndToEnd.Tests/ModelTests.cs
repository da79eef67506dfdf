using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Testing;

namespace Sandbox.EndToEnd.Tests;

/// <summary>Models whose engines run in containers, and kill -9 of the server in the middle of it.</summary>
public sealed class ModelTests : IAsyncLifetime
{
    private const string Secret = "sk-0123456789abcdef";

    private static readonly string EchoAssembly = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Sandbox.Serving.Echo",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "Sandbox.Serving.Echo.dll"));

    /// <summary>The small image has no .NET: it sees that of this machine.</summary>
    private readonly RockServer _server = new()
    {
        Settings = new Dictionary<string, string>
        {
            ["SANDBOX_Serving__EngineAssemblies__0"] = EchoAssembly,
            ["SANDBOX_Worker__ModelFolders__0"] = Path.GetDirectoryName(EchoAssembly)!,
            ["SANDBOX_Worker__ModelFolders__1"] = "/lib",
            ["SANDBOX_Worker__ModelFolders__2"] = "/lib64",
            ["SANDBOX_Worker__ModelFolders__3"] = Path.GetFullPath(
                Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")).TrimEnd('/'),
        },
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [NeedsDockerFact]
    [Trait("Row", "31")]
    public async Task Model_ServedInAContainer_AnswersAndItsKeyIsInNothingThatDockerShows()
    {
        await CreateAsync("parrot", replicas: 1);
        var model = await WhenRunningAsync("parrot", 1);
        var container = Assert.Single(await _server.ContainersAsync());

        var inspected = await Shell.RunAsync("docker", ["inspect", container]);
        Assert.DoesNotContain(Secret, inspected, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, await Shell.RunAsync("docker", ["top", container, "-eo", "pid,args"]), StringComparison.Ordinal);
        var sandbox = model.GetProperty("replicas")[0].GetProperty("sandbox_id").GetString();
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"/apis/envs/sandbox/v1/sandboxes/{sandbox}/proxy/port/8000/v1/completions")
        {
            Content = JsonContent.Create(new { model = "parrot", prompt = "hello again" }),
        };
        using var refused = await _server.Http.SendAsync(request, Cancelled);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        await DeleteAsync("parrot");
        Assert.Empty(await _server.ContainersAsync("-a"));

        // What a node shares with engines, it shares with no other sandbox.
        await _server.StartSandboxAsync("plain");
        await _server.ExecuteAsync("plain", "test ! -e /lib64");
    }

    [NeedsDockerFact]
    public async Task Server_KilledWhileAModelStartsServesAndStops_NeitherDoublesNorLosesAReplica()
    {
        // Accepted, and nothing or only a part of it done.
        await CreateAsync("parrot", replicas: 2);
        _server.Kill();
        await _server.StartAsync();
        var served = await WhenRunningAsync("parrot", 2);
        Assert.Equal(2, (await _server.ContainersAsync("-a")).Count);

        // Serving: the engines go on, and are neither started again nor replaced.
        _server.Kill();
        await _server.StartAsync();
        await RockServer.EventuallyAsync("both are adopted", async () => (await ListAsync()).Count == 1);
        var adopted = await WhenRunningAsync("parrot", 2);
        Assert.Equal(Replicas(served), Replicas(adopted));

        // In the middle of a stop.
        using var cut = new CancellationTokenSource();
        var stopping = _server.Http.DeleteAsync("/api/v1/models/parrot", cut.Token);
        await RockServer.EventuallyAsync(
            "the stop has begun", async () => (await ListAsync()).All(model => model.GetProperty("state").GetString() == "deleting"));
        _server.Kill();
        await Assert.ThrowsAnyAsync<Exception>(() => stopping);
        await _server.StartAsync();
        await RockServer.EventuallyAsync("the model is gone", async () => (await ListAsync()).Count == 0);
        Assert.Empty(await _server.ContainersAsync("-a"));
    }

    [NeedsDockerFact]
    public async Task Image_ThatIsNotThere_IsNamedByTheModelsStatus()
    {
        var answer = await _server.Http.PostAsJsonAsync(
            "/api/v1/models",
            new
            {
                name = "m",
                engine = "echo",
                cpus = 0.5,
                memory = "256m",
                configuration = new { model = "m", image = "127.0.0.1:1/none:1" },
            },
            Cancelled);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

        await RockServer.EventuallyAsync("the status names the image", async () =>
            (await FindAsync("m")).GetProperty("message").GetString()!.Contains("127.0.0.1:1/none:1", StringComparison.Ordinal));
        await DeleteAsync("m");
    }

    private static string Replicas(JsonElement model) => string.Join(' ', model.GetProperty("replicas").EnumerateArray()
        .Select(replica =>
            $"{replica.GetProperty("name")}={replica.GetProperty("sandbox_id")} failures={replica.GetProperty("failures")}"));

    private async Task CreateAsync(string name, int replicas)
    {
        using var answer = await _server.Http.PostAsJsonAsync(
            "/api/v1/models",
            new
            {
                name,
                engine = "echo",
                replicas,
                cpus = 0.5,
                memory = "256m",
                configuration = new { model = name, image = RockServer.Image, api_key = Secret },
            },
            Cancelled);
        Assert.True(answer.StatusCode is HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Cancelled));
    }

    private async Task<JsonElement> WhenRunningAsync(string name, int replicas)
    {
        var model = await FindAsync(name);
        await RockServer.EventuallyAsync($"{replicas} replicas run", async () =>
        {
            model = await FindAsync(name);
            return model.GetProperty("replicas").EnumerateArray()
                .Count(replica => replica.GetProperty("state").GetString() == "running") == replicas;
        });
        return model;
    }

    private Task<JsonElement> FindAsync(string name) =>
        _server.Http.GetFromJsonAsync<JsonElement>($"/api/v1/models/{name}", Cancelled);

    private async Task<IReadOnlyList<JsonElement>> ListAsync() =>
        [.. (await _server.Http.GetFromJsonAsync<JsonElement>("/api/v1/models", Cancelled)).EnumerateArray()];

    private async Task DeleteAsync(string name)
    {
        using var deleted = await _server.Http.DeleteAsync($"/api/v1/models/{name}", Cancelled);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }
}
