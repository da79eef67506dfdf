using System.Text.Json;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;

namespace Sandbox.Rollout.Runs;

/// <summary>What a run's output says of each machine.</summary>
internal sealed class RunReport
{
    private readonly Dictionary<string, JsonElement> _details = [];
    private readonly Dictionary<string, string> _failures = [];
    private readonly HashSet<string> _skipped = [];

    public void Add(AnsibleEvent happened)
    {
        if (happened.Host is not { } host)
        {
            return;
        }

        switch (happened)
        {
            case { Kind: "record", Detail: { } detail }:
                _details[host] = detail;
                if (detail.TryGetProperty("status", out var status) && status.GetString() is "SKIPPED")
                {
                    _skipped.Add(host);
                }

                break;
            case { Kind: "result", Status: "failed" or "unreachable" }:
                _failures.TryAdd(host, $"{happened.Name}: {happened.Message}");
                break;
        }
    }

    /// <summary>The first failure, for the run's error.</summary>
    public string? Failure => _failures.Select(failure => $"{failure.Key}: {failure.Value}").FirstOrDefault();

    public IReadOnlyList<CheckpointRecord> Records(Execution execution, DateTimeOffset at) =>
        [.. execution.Targets.Split(',').Select(node => Record(execution, node, at))];

    private CheckpointRecord Record(Execution execution, string node, DateTimeOffset at)
    {
        var failure = _failures.GetValueOrDefault(node)
            ?? (_details.ContainsKey(node) ? null : execution.Error ?? "the run ended before it came to this machine");
        var detail = failure is null
            ? _details[node]
            : JsonSerializer.SerializeToElement(new Dictionary<string, object?> { ["error"] = failure, ["found"] = Found(node) });
        var status = failure is not null ? RecordStatus.Failed : _skipped.Contains(node) ? RecordStatus.Skipped : RecordStatus.Passed;
        return new CheckpointRecord(execution.Checkpoint, node, execution.Id, status, at, detail);
    }

    private JsonElement? Found(string node) => _details.TryGetValue(node, out var found) ? found : null;
}
