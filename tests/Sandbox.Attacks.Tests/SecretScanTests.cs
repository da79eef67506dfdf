using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>A sandbox's whole life with secrets in every place that takes one, and then a look into everything that the platform has
/// written or answered meanwhile.</summary>
[Collection(nameof(AttackCollection))]
public sealed class SecretScanTests(AttackedCluster attacked)
{
    private const string Box = "scanned";

    private readonly StringBuilder _answers = new();

    /// <summary>Found by themselves wherever they are, whatever is around them.</summary>
    private readonly Dictionary<string, string> _secrets = new[]
        {
            "env value", "env of a session", "env of a command", "registry password", "registry password of a refused start",
            "password of a commit", "password of a push",
        }.ToDictionary(name => name, name => $"s3cret-{Guid.NewGuid():N}");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [NeedsDockerFact]
    public async Task Journey_WithSecretsEverywhere_LeavesThemInNoLogAnswerRedisDatabaseOrEngine()
    {
        var (red, redis) = (attacked.Red, new StringBuilder());
        await AskAsync("start", RockCaller.BodyOfStart(
            Box, ("env", Env("env value")), ("registry_username", "u"), ("registry_password", _secrets["registry password"])));
        await AskAsync("start_async", RockCaller.BodyOfStart(
            "scanned-refused", ("image", $"{attacked.Registry?.Name ?? "registry.invalid"}/none:1"), ("pull", "always"),
            ("registry_username", "u"), ("registry_password", _secrets["registry password of a refused start"])));
        Assert.Equal(
            _secrets["env value"].Length + "\n", await red.ExecuteAsync(Box, "printf %s \"$TOKEN\" | wc -c"));
        await AskAsync("execute", new { sandbox_id = Box, command = (string[])["true"], env = Env("env of a command") });
        await AskAsync("create_session", new { sandbox_id = Box, session = "s", env_enable = true, env = Env("env of a session") });
        await AskAsync("run_in_session", new { sandbox_id = Box, session = "s", command = "true" });
        redis.Append(await RedisAsync());
        var engine = await EngineAsync();
        await CommitAsync("scanned-commit:1", "password of a commit");
        await CommitAsync($"{attacked.Registry?.Name ?? "registry.invalid"}/red/scan:1", "password of a push");
        await LookAsync();
        await AskAsync("stop", new { sandbox_id = Box });
        await AskAsync($"sandboxes/{Box}/archive", new { });
        await attacked.Red.UntilStateAsync(Box, "archived");
        await AskAsync("restart", new { sandbox_id = Box });
        await red.UntilAliveAsync(Box);
        Assert.Equal(_secrets["env value"].Length + "\n", await red.ExecuteAsync(Box, "printf %s \"$TOKEN\" | wc -c"));
        redis.Append(await RedisAsync());
        await LookAsync();
        foreach (var id in (string[])[Box, "scanned-refused"])
        {
            await AskAsync("stop", new { sandbox_id = id });
            await AskAsync("delete", new { sandbox_id = id });
        }

        var places = new Dictionary<string, string>
        {
            ["the API's log"] = attacked.Cluster.Apis[0].Log,
            ["the worker's log"] = attacked.Cluster.Workers[0].Log,
            ["the answers"] = _answers.ToString(),
            ["Redis"] = redis.ToString(),
            ["a dump of the database"] = await attacked.Cluster.Postgres.DumpAsync(),
            ["what the engine says of the container"] = engine,
        };
        Assert.All(places, place => Assert.True(
            place.Value.Contains(Box, StringComparison.Ordinal) || place.Key.EndsWith("log", StringComparison.Ordinal),
            $"{place.Key} was to be of this journey, or nothing was looked at"));
        var known = Known().ToDictionary(secret => secret.Value, secret => secret.Key);
        foreach (var (secret, name) in known)
        {
            Assert.All(places, place => Assert.False(
                place.Value.Contains(secret, StringComparison.Ordinal), $"{place.Key} was not to have the {name}"));
        }

        Assert.Empty(attacked.Cluster.Postgres.FilesWith(known.Keys).Select(
            found => $"{found.File} of Postgres has the {known[found.Text]}"));
    }

    private IEnumerable<KeyValuePair<string, string>> Known() =>
    [
        .. _secrets,
        new("cluster's secret", ProcessCluster.Secret),
        new("admin's key", attacked.Admin.Http.DefaultRequestHeaders.GetValues("X-API-Key").Single()),
        new("tenant's key", attacked.Red.Http.DefaultRequestHeaders.GetValues("X-API-Key").Single()),
    ];

    private Dictionary<string, string> Env(string name) => new() { ["TOKEN"] = _secrets[name] };

    private async Task<JsonElement> AskAsync(string route, object body)
    {
        using var answer = await attacked.Red.Http.PostAsJsonAsync(RockCaller.Prefix + route, body, Token);
        return JsonDocument.Parse(await KeepAsync(answer)).RootElement;
    }

    /// <summary>Every place that tells of it.</summary>
    private async Task LookAsync()
    {
        foreach (var path in (string[])[
            $"{RockCaller.Prefix}get_status?sandbox_id={Box}&include_all_states=true", $"{RockCaller.Prefix}sandboxes",
            $"{RockCaller.Prefix}commit/{Box}", "/api/v1/sandboxes", "/api/v1/usage"])
        {
            using var own = await attacked.Red.Http.GetAsync(new Uri(path, UriKind.Relative), Token);
            await KeepAsync(own);
            using var admins = await attacked.Admin.Http.GetAsync(new Uri(path, UriKind.Relative), Token);
            await KeepAsync(admins);
        }

        using var letters = await attacked.Admin.Http.GetAsync(new Uri("/api/v1/dead-letters", UriKind.Relative), Token);
        await KeepAsync(letters);
    }

    private async Task<string> KeepAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(Token);
        _answers.AppendLine(answer.Headers.ToString()).AppendLine(text);
        return text;
    }

    private async Task CommitAsync(string name, string password)
    {
        await AskAsync("commit", new { sandbox_id = Box, image_tag = name, username = "u", password = _secrets[password] });
        var last = default(JsonElement);
        await Wait.UntilAsync(
            async () =>
            {
                using var answer = await attacked.Red.Http.GetAsync(new Uri($"{RockCaller.Prefix}commit/{Box}", UriKind.Relative), Token);
                last = JsonDocument.Parse(await KeepAsync(answer)).RootElement.GetProperty("result");
                return last.GetProperty("phase").GetString() is not "RUNNING";
            },
            () => $"the commit of {Box} ends: {last}");
    }

    /// <summary>Every key with its value.</summary>
    private async Task<string> RedisAsync()
    {
        if (attacked.Cluster.Redis is not { } redis)
        {
            return $"{Box}: there is no Redis";
        }

        var all = new StringBuilder();
        foreach (var key in (await redis.CommandAsync("KEYS *")).Split('\n').Where(line => line.Contains(':', StringComparison.Ordinal)))
        {
            all.AppendLine(key).AppendLine(await redis.CommandAsync($"GET {key}"));
        }

        return all.ToString();
    }

    private async Task<string> EngineAsync()
    {
        var all = new StringBuilder();
        foreach (var id in await attacked.Cluster.ContainersAsync())
        {
            all.AppendLine((await DockerEngine.InspectAsync(id, Token))?.ToJsonString());
        }

        return all.ToString();
    }
}
