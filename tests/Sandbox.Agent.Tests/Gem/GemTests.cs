using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sandbox.Agent.Tests.Running;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Gem;

public sealed class GemTests : IAsyncLifetime
{
    private const string Sample = "sandbox:GuessTheNumber-v0";

    /// <summary>In the place of the real package: the names, and no more, that the agent uses of it.</summary>
    private const string Package = """
        class Counter:
            def reset(self, seed=None):
                self.count = seed or 0
                print("not an answer")
                return f"at {self.count}", {"seed": seed}
            def step(self, action):
                if action == "fail":
                    raise ValueError("bad action")
                if action == "exit":
                    import os
                    os._exit(3)
                self.count += int(action)
                return {"count": self.count}, self.count / 2, self.count > 5, False, {"ü": [1]}
        def make(env_id):
            if env_id != "test:Counter-v0":
                raise KeyError(env_id)
            return Counter()
        """;

    private readonly TempFolder _folder = new();
    private RunningAgent? _agent;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_folder.File("gem/envs"));
        await File.WriteAllTextAsync(_folder.File("gem/__init__.py"), Package);
        await File.WriteAllTextAsync(_folder.File("gem/envs/__init__.py"), "");
        await File.WriteAllTextAsync(_folder.File("gem/envs/registration.py"), "ENV_REGISTRY = {'test:Counter-v0': None}");
        _agent = await RunningAgent.StartAsync(env: new Dictionary<string, string> { ["PYTHONPATH"] = _folder.Path });
    }

    public async ValueTask DisposeAsync()
    {
        await _agent!.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Sample_WithASeed_IsTheSameGameAndIsWonByHalving()
    {
        await PostAsync("make", new { env_id = Sample });
        var first = await PostAsync("reset", new { seed = 7 });
        Assert.Contains("1 to 100", (string)first["observation"]!, StringComparison.Ordinal);
        var (number, turns) = await PlayAsync();
        Assert.InRange(turns, 1, 7);

        await PostAsync("reset", new { seed = 7 });
        var won = await PostAsync("step", new { action = $"I think of \\boxed{{{number}}}" });

        Assert.Equal(
            ($"{number} is right.", 1.0, true, false, 1),
            ((string)won["observation"]!, (double)won["reward"]!, (bool)won["terminated"]!, (bool)won["truncated"]!,
                (int)won["info"]!["turn"]!));
        Assert.Contains("reset", await FailAsync("step", new { action = "1" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sample_AfterItsLastTurn_IsTruncated()
    {
        await PostAsync("make", new { env_id = Sample });
        await PostAsync("reset", new { });
        JsonNode? last = null;
        for (var turn = 1; turn <= 10; turn++)
        {
            last = await PostAsync("step", new { action = "no number" });
        }

        Assert.Equal((0.0, false, true), ((double)last!["reward"]!, (bool)last["terminated"]!, (bool)last["truncated"]!));
    }

    [Fact]
    public async Task Python_WithThePackage_RunsItsEnvironment()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "needs python3");
        Assert.Equal(
            [Sample, "test:Counter-v0"], (await PostAsync("list", new { }))["env_id"]!.AsArray().Select(name => (string)name!));
        await PostAsync("make", new { env_id = "test:Counter-v0" });

        Assert.Equal(
            """{"observation":"at 3","info":{"seed":3}}""", (await PostAsync("reset", new { seed = 3 })).ToJsonString());
        Assert.Equal(
            """{"observation":{"count":4},"reward":2.0,"terminated":false,"truncated":false,"info":{"\u00FC":[1]}}""",
            (await PostAsync("step", new { action = "1" })).ToJsonString());
        Assert.Equal("ValueError: bad action", await FailAsync("step", new { action = "fail" }));
        Assert.True((bool)(await PostAsync("step", new { action = "2" }))["terminated"]!, "it goes on after a failure");
        Assert.Contains("has ended", await FailAsync("step", new { action = "exit" }), StringComparison.Ordinal);
        Assert.Contains("has ended", await FailAsync("step", new { action = "1" }), StringComparison.Ordinal);
        await PostAsync("close", new { });
        Assert.Contains("No environment", await FailAsync("close", new { }), StringComparison.Ordinal);
        Assert.Equal("KeyError: 'test:None'", await FailAsync("make", new { env_id = "test:None" }));
    }

    /// <summary>Finds the number by what it is told.</summary>
    private async Task<(int Number, int Turns)> PlayAsync()
    {
        for (var (low, high, turn) = (1, 100, 1); ; turn++)
        {
            var guess = (low + high) / 2;
            var told = await PostAsync("step", new { action = $"{guess}" });
            if ((bool)told["terminated"]!)
            {
                return (guess, turn);
            }

            (low, high) = ((string)told["observation"]!).Contains("low", StringComparison.Ordinal) ? (guess + 1, high) : (low, guess - 1);
        }
    }

    private async Task<JsonNode> PostAsync(string call, object body)
    {
        using var answer = await _agent!.Http.PostAsJsonAsync($"/rock/env/{call}", Named(body));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{call} is answered 200, not {(int)answer.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    private async Task<string> FailAsync(string call, object body)
    {
        using var answer = await _agent!.Http.PostAsJsonAsync($"/rock/env/{call}", Named(body));
        Assert.Equal(511, (int)answer.StatusCode);
        return (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["rockletexception"]!["message"]!;
    }

    private static JsonObject Named(object body)
    {
        var node = System.Text.Json.JsonSerializer.SerializeToNode(body)!.AsObject();
        node["sandbox_id"] = "s";
        return node;
    }
}
