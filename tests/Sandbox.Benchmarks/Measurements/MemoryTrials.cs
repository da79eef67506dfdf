using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Benchmarks.Servers;
using Sandbox.Testing.Clusters;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>What an afternoon of odd requests makes a server take, and what it keeps.</summary>
internal static class MemoryTrials
{
    private const string Sandbox = "odd";
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(string root, Sheet sheet, int rounds)
    {
        await using var agent = new HostileAgent();
        await using (var server = await ServerProcess.StartAsync(root, "local", ("SANDBOX_Security__AllowedRemoteHosts__0", "127.0.0.1")))
        {
            await MeasureAsync(sheet, "embedded server", server.Url, server.Pid, agent, rounds);
        }

        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup
        {
            Apis = 1,
            Workers = 1,
            HasRedis = false,
            Deployment = "local",
            Settings = new Dictionary<string, string> { ["Security__AllowedRemoteHosts__0"] = "127.0.0.1" },
        });
        await MeasureAsync(sheet, "API of a cluster", cluster.Callers[0].Http.BaseAddress!, cluster.Apis[0].ProcessId, agent, rounds);
    }

    private static async Task MeasureAsync(
        Sheet sheet, string what, Uri address, int pid, HostileAgent agent, int rounds)
    {
        await StartAsync(address, agent);
        var before = ProcessMemory.Resident(pid);
        using (var odd = new OddRequests(address, Sandbox))
        {
            for (var round = 0; round < rounds; round++)
            {
                await odd.SendAsync();
            }
        }

        var after = ProcessMemory.Resident(pid);
        sheet.Add(Row.AtMost(
            $"{what}: most resident memory in {rounds} rounds of odd requests", ProcessMemory.PeakResident(pid), "MiB", 300,
            $"{before:0} MiB before"));
        await Task.Delay(Rest, TimeProvider.System);
        sheet.Add(Row.AtMost(
            $"{what}: resident memory {Rest.TotalSeconds:0} s after them", ProcessMemory.Resident(pid), "MiB", 150,
            $"{after:0} MiB right after them"));
    }

    /// <summary>A sandbox whose agent is not ours.</summary>
    private static async Task StartAsync(Uri address, HostileAgent agent)
    {
        using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        var request = new
        {
            image = "none",
            sandbox_id = Sandbox,
            memory = "64m",
            cpus = 0.1,
            remote = new { host = "http://127.0.0.1", port = agent.Port, timeout = 5.0 },
        };
        using var answer = await http.PostAsJsonAsync("/apis/envs/sandbox/v1/start", request);
        var started = await answer.Content.ReadFromJsonAsync<JsonElement>();
        if (started.GetProperty("status").GetString() is not "Success")
        {
            throw new InvalidOperationException($"the sandbox of the hostile agent did not start: {started}");
        }
    }
}
