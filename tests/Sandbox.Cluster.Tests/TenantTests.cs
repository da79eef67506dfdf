using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Cluster.Tests;

/// <summary>Tenants across APIs: what one of them is told counts at the other, through Postgres and its wake-ups.</summary>
public sealed class TenantTests
{
    private const string Rock = "/apis/envs/sandbox/v1";

    [NeedsPostgresFact]
    public async Task Keys_QuotasAndOwners_CountAtEveryApi()
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup { Workers = 1, Deployment = "local" });
        var (one, two) = (cluster.Callers[0].Http, cluster.Callers[1].Http);

        // Over loopback and without any key the first caller is an admin; the first key ends that, everywhere.
        var admin = await MakeKeyAsync(one, null, new { admin = true });
        Assert.Equal(
            201, await StatusAsync(
                one, HttpMethod.Post, "/api/v1/tenants", admin.Secret, new { name = "red", quota = new { sandboxes = 1 } }));
        Assert.Equal(201, await StatusAsync(two, HttpMethod.Post, "/api/v1/tenants", admin.Secret, new { name = "blue" }));
        var red = await MakeKeyAsync(two, admin.Secret, new { tenant = "red" });
        var blue = await MakeKeyAsync(one, admin.Secret, new { tenant = "blue" });
        await Wait.UntilAsync(
            async () => await StatusAsync(two, HttpMethod.Get, "/", null) == 401, () => "the other API asks for a key too");

        Assert.Equal("Success", await StartAsync(one, red.Secret, "r1"));
        Assert.Equal("The quota of sandboxes is reached (1).", await StartAsync(two, red.Secret, "r2"));
        Assert.Equal("Sandbox r1 already exists.", await StartAsync(two, blue.Secret, "r1"));
        Assert.Equal(
            "Sandbox r1 not found.",
            await OutcomeAsync(two, HttpMethod.Get, "/get_status?sandbox_id=r1&include_all_states=true", blue.Secret));
        Assert.Equal("Success", await OutcomeAsync(two, HttpMethod.Get, "/get_status?sandbox_id=r1&include_all_states=true", red.Secret));

        Assert.Equal(204, await StatusAsync(one, HttpMethod.Delete, $"/api/v1/keys/{red.Id}", admin.Secret));
        await Wait.UntilAsync(
            async () => await StatusAsync(two, HttpMethod.Get, "/", red.Secret) == 401, () =>
                "the revoked key is refused by the other API");
        Assert.Equal(200, await StatusAsync(two, HttpMethod.Get, "/", blue.Secret));
    }

    private static async Task<(string Id, string Secret)> MakeKeyAsync(HttpClient api, string? key, object body)
    {
        using var answer = await SendAsync(api, HttpMethod.Post, "/api/v1/keys", key, body);
        Assert.Equal(201, (int)answer.StatusCode);
        var made = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (made.GetProperty("id").GetString()!, made.GetProperty("secret").GetString()!);
    }

    private static Task<string> StartAsync(HttpClient api, string key, string id) =>
        OutcomeAsync(
            api, HttpMethod.Post, "/start_async", key,
            new { image = "any", sandbox_id = id, memory = "128m", cpus = 0.5, auto_delete_seconds = 3600 });

    /// <summary>Success, or why not.</summary>
    private static async Task<string> OutcomeAsync(HttpClient api, HttpMethod method, string route, string key, object? body = null)
    {
        using var answer = await SendAsync(api, method, Rock + route, key, body);
        var envelope = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return envelope.GetProperty("error").GetString() ?? envelope.GetProperty("status").GetString()!;
    }

    private static async Task<int> StatusAsync(HttpClient api, HttpMethod method, string path, string? key, object? body = null)
    {
        using var answer = await SendAsync(api, method, path, key, body);
        return (int)answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient api, HttpMethod method, string path, string? key, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }

        return await api.SendAsync(request);
    }
}
