using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>What sandboxes on several nodes use, asked of any API.</summary>
[Collection(nameof(SharedClusterCollection))]
public sealed class UsageTests(ClusterFixture shared)
{
    private ProcessCluster Cluster => shared.Cluster;

    [NeedsDockerFact]
    public async Task Usage_OfBusySandboxesOnEveryNode_IsOneAnswerOfEachApi()
    {
        var nodes = Cluster.Workers.Select(worker => worker.Name).ToList();
        var ids = nodes.Select(node => $"busy-{node}").ToList();
        await Task.WhenAll(ids.Select(id => Cluster.Callers[0].RunAsync(id)));
        foreach (var id in ids)
        {
            // Busy now and then: without the pauses three of them would take the machine from the tests beside this one.
            await Cluster.Callers[0].ExecuteAsync(
                id, "while sleep 0.2; do i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; done >/dev/null 2>&1 &");
        }

        var places = new List<string>();
        foreach (var id in ids)
        {
            places.Add((await Cluster.Callers[0].StatusAsync(id)).GetProperty("host_name").GetString()!);
        }

        foreach (var caller in Cluster.Callers)
        {
            Dictionary<string, double> first = [], then = [];
            await Wait.UntilAsync(
                async () => (first = await CpusAsync(caller)).Count >= ids.Count, () =>
                    $"each of {string.Join(' ', ids)} is told of: {string.Join(' ', first.Keys)}");
            await Wait.UntilAsync(
                async () =>
                    (then = await CpusAsync(caller)) is { } seen && ids.All(id => seen.TryGetValue(id, out var cpu) && cpu > first[id]),
                () => $"each busy sandbox uses more CPU: {string.Join(' ', first)} then {string.Join(' ', then)}");
            var answer = await caller.Http.GetStringAsync("/api/v1/usage");
            Assert.All(nodes.Concat(places), node => Assert.Contains($"\"node\":\"{node}\"", answer, StringComparison.Ordinal));
        }

        foreach (var id in ids)
        {
            await Cluster.Callers[0].MustPostAsync("stop", new { sandbox_id = id });
        }
    }

    private static async Task<Dictionary<string, double>> CpusAsync(RockCaller caller)
    {
        var answer = JsonDocument.Parse(await caller.Http.GetStringAsync("/api/v1/usage")).RootElement;
        return answer.GetProperty("sandboxes").EnumerateArray()
            .Where(one =>
                one.GetProperty("sandbox_id").GetString()!.StartsWith("busy-", StringComparison.Ordinal)
                && one.GetProperty("memory_bytes").GetInt64() > 0)
            .ToDictionary(one => one.GetProperty("sandbox_id").GetString()!, one => one.GetProperty("cpu_seconds").GetDouble());
    }
}
