using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Sandbox.Testing.Clusters;

/// <summary>Speaks to one API as a ROCK client does.</summary>
/// <param name="key">Null: the server asks for none.</param>
public sealed class RockCaller(Uri address, string? key = null) : IDisposable
{
    public HttpClient Http { get; } = With(key, new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(3) });

    public const string Prefix = "/apis/envs/sandbox/v1/";

    /// <summary>One call; the whole envelope.</summary>
    public async Task<JsonElement> PostAsync(string route, object body)
    {
        using var answer = await Http.PostAsJsonAsync(Prefix + route, body);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    public Task<JsonElement> GetAsync(string route) => Http.GetFromJsonAsync<JsonElement>(Prefix + route);

    /// <summary>The same, expected to succeed; its result.</summary>
    public async Task<JsonElement> MustPostAsync(string route, object body) => Succeeded(await PostAsync(route, body), route);

    public async Task<JsonElement> StatusAsync(string id) =>
        Succeeded(await GetAsync($"get_status?sandbox_id={id}&include_all_states=true"), "get_status");

    public async Task<bool> IsAliveAsync(string id) =>
        Succeeded(await GetAsync($"is_alive?sandbox_id={id}"), "is_alive").GetProperty("is_alive").GetBoolean();

    /// <summary>Asks for a small sandbox and does not wait for it; <paramref name="more"/> adds or replaces fields.</summary>
    public Task<JsonElement> StartAsync(string id, params (string Field, object? Value)[] more) =>
        PostAsync("start_async", BodyOfStart(id, more));

    /// <summary>What a start of such a small sandbox sends.</summary>
    public static Dictionary<string, object?> BodyOfStart(string id, params (string Field, object? Value)[] more)
    {
        var body = new Dictionary<string, object?>
        {
            ["sandbox_id"] = id,
            ["image"] = DockerTestImage.Name,
            ["pull"] = "never",
            ["memory"] = "128m",
            ["cpus"] = 0.5,
            ["auto_delete_seconds"] = 3600,
            // Nothing in these tests needs one, and a start is quicker without.
            ["network"] = "none",
        };
        foreach (var (field, value) in more)
        {
            body[field] = value;
        }

        return body;
    }

    /// <summary>Starts it and waits until it can be used.</summary>
    public async Task RunAsync(string id, params (string Field, object? Value)[] more)
    {
        Succeeded(await StartAsync(id, more), "start_async");
        await UntilAliveAsync(id);
    }

    public Task UntilStateAsync(string id, string state) => Wait.UntilAsync(
        async () => (await StatusAsync(id)).GetProperty("state").GetString() == state, () => $"{id} is {state}");

    /// <summary>Waits until it can be used; a start that failed fails this at once, with its reason.</summary>
    public async Task UntilAliveAsync(string id)
    {
        var last = default(JsonElement);
        await Wait.UntilAsync(
            async () =>
            {
                last = await StatusAsync(id);
                var state = last.GetProperty("state").GetString();
                Assert.True(state is "pending" or "running", $"{id} was to start: {last}");
                return state is "running" && await IsAliveAsync(id);
            },
            () => $"{id} is alive; its status: {last}");
    }

    /// <summary>One shell command to its end; its output.</summary>
    public async Task<string> ExecuteAsync(string id, string script)
    {
        var result = await MustPostAsync("execute", new { sandbox_id = id, shell = true, command = script });
        Assert.True(result.GetProperty("exit_code").GetInt32() == 0, $"`{script}` was to end with 0: {result}");
        return result.GetProperty("stdout").GetString()!;
    }

    public void Dispose() => Http.Dispose();

    private static JsonElement Succeeded(JsonElement envelope, string route)
    {
        Assert.True(envelope.GetProperty("status").GetString() == "Success", $"{route} was to succeed: {envelope}");
        return envelope.GetProperty("result");
    }

    private static HttpClient With(string? key, HttpClient http)
    {
        if (key is not null)
        {
            http.DefaultRequestHeaders.Add("X-API-Key", key);
        }

        return http;
    }
}
