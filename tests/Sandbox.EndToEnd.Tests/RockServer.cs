using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Testing;

namespace Sandbox.EndToEnd.Tests;

/// <summary>
/// <c>sandbox serve</c> on Docker, as a process of its own on a data folder of its own, spoken to over HTTP as a ROCK
/// client does. It can be killed and started again. What it leaves behind in the engine is removed at the end.
/// </summary>
public sealed partial class RockServer : IAsyncLifetime
{
    public const string Image = DockerTestImage.Name;

    /// <summary>Long enough for a busy machine; a wait that needs it all has failed.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    private static readonly string Program = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Sandbox.Cli", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)),
        "Sandbox.Cli.dll"));

    private readonly TempFolder _folder = new();
    private Process? _process;
    private HttpClient? _http;

    public HttpClient Http => _http ?? throw new InvalidOperationException("The server is not running.");

    /// <summary>More variables of its environment.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Where it keeps everything.</summary>
    public string DataFolder => _folder.File("data");

    public string ClusterId => File.ReadAllText(Path.Combine(DataFolder, "cluster-id")).Trim();

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            await DockerTestImage.EnsureAsync();
            await StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            Kill();
            var left = await ContainersAsync("-a");
            if (left.Count > 0)
            {
                await Shell.RunAsync("docker", ["rm", "-f", "-v", .. left]);
            }
        }

        _folder.Dispose();
    }

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Program, "serve", "--port", "0"]) { RedirectStandardOutput = true };
        start.Environment["SANDBOX_DATA"] = DataFolder;
        start.Environment["SANDBOX_DEPLOYMENT"] = "docker";
        start.Environment["SANDBOX_LOG"] = "warning";
        foreach (var (name, value) in Settings)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(Generous)
            ?? throw new InvalidOperationException("`sandbox serve` ended before it listened");
        _http = new HttpClient { BaseAddress = new Uri(Address().Match(line).Value) };
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _http?.Dispose();
        _http = null;
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>One call of the ROCK endpoints; the whole envelope.</summary>
    public async Task<JsonElement> PostAsync(string route, object body)
    {
        using var answer = await Http.PostAsJsonAsync($"/apis/envs/sandbox/v1/{route}", body);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    public async Task<JsonElement> GetAsync(string route) =>
        await Http.GetFromJsonAsync<JsonElement>($"/apis/envs/sandbox/v1/{route}");

    /// <summary>The same, expected to succeed; its result.</summary>
    public async Task<JsonElement> MustPostAsync(string route, object body) => Succeeded(await PostAsync(route, body), route);

    public async Task<JsonElement> StatusAsync(string id) =>
        Succeeded(await GetAsync($"get_status?sandbox_id={id}&include_all_states=true"), "get_status");

    public Task<JsonElement> StartSandboxAsync(string id, object? more = null) => MustPostAsync("start", Start(id, more));

    /// <summary>The body of a small start; <paramref name="more"/> adds or replaces fields.</summary>
    public static Dictionary<string, object?> Start(string id, object? more = null)
    {
        var body = new Dictionary<string, object?>
        {
            ["sandbox_id"] = id,
            ["image"] = Image,
            ["pull"] = "never",
            ["memory"] = "256m",
            ["cpus"] = 1,
            ["auto_delete_seconds"] = 3600,
        };
        foreach (var property in more is null ? [] : JsonSerializer.SerializeToElement(more).EnumerateObject())
        {
            body[property.Name] = property.Value;
        }

        return body;
    }

    public async Task<string> ExecuteAsync(string id, string script)
    {
        var result = await MustPostAsync("execute", new { sandbox_id = id, shell = true, command = script });
        Assert.True(result.GetProperty("exit_code").GetInt32() == 0, $"`{script}` was to end with 0: {result}");
        return result.GetProperty("stdout").GetString()!;
    }

    /// <summary>Asks again until the answer is as expected: for what happens by itself, without a call to wait for.</summary>
    public static async Task EventuallyAsync(string expectation, Func<Task<bool>> holds)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var begin = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(begin) < Generous, $"not within {Generous}: {expectation}");
            await ticks.WaitForNextTickAsync();
        }
    }

    /// <summary>Ids of this server's containers.</summary>
    public async Task<IReadOnlyList<string>> ContainersAsync(params string[] options) =>
        (await Shell.RunAsync("docker", ["ps", "-q", .. options, "--filter", $"label=sandbox.aspire/cluster={ClusterId}"]))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public Task<IReadOnlyList<string>> ContainersOfAsync(string id) =>
        ContainersAsync("-a", "--filter", $"label=sandbox.aspire/sandbox={id}");

    private static JsonElement Succeeded(JsonElement envelope, string route)
    {
        Assert.True(envelope.GetProperty("status").GetString() == "Success", $"{route} was to succeed: {envelope}");
        return envelope.GetProperty("result");
    }

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Address();
}
