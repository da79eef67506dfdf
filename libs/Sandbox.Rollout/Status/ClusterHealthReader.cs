using System.Globalization;
using System.Text.Json;
using Sandbox.Rollout.Records;

namespace Sandbox.Rollout.Status;

/// <summary>
/// Derives a cluster's health from what it says now and, where nobody asked it, from what its last final validation found. Without
/// either it is unknown; so it is once a cleanup took away what was validated.
/// </summary>
public static class ClusterHealthReader
{
    private const string Suffix = "_status";

    /// <param name="records">Of all checkpoints.</param>
    /// <param name="answer">Null when the cluster was not asked.</param>
    public static ClusterHealth Read(IReadOnlyList<CheckpointRecord> records, ClusterAnswer? answer)
    {
        var cleaned = Of(records, "cleanup-existing").Select(record => record.Timestamp).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
        List<CheckpointRecord> validated = [.. Of(records, "final-validation").Where(record => record.Timestamp >= cleaned)];
        List<CheckpointRecord> monitored = [.. Of(records, "monitoring-deployment").Where(record => record.Timestamp >= cleaned)];
        var cluster = answer is null ? ClusterOf(validated) : ClusterOf(answer);
        var monitoring = MonitoringOf(monitored);
        var endpoints = answer?.Endpoints ?? EndpointsOf(validated);
        return new ClusterHealth(
            OverallOf(cluster.Status, monitoring.Status, endpoints), cluster, monitoring, answer?.Containers ?? ContainersOf(validated),
            endpoints);
    }

    private static IEnumerable<CheckpointRecord> Of(IEnumerable<CheckpointRecord> records, string checkpoint) =>
        records.Where(record => record.Checkpoint == checkpoint);

    /// <summary>Head and workers decide; what else is missing degrades.</summary>
    private static HealthStatus OverallOf(HealthStatus cluster, HealthStatus monitoring, EndpointCount endpoints) =>
        cluster is HealthStatus.Healthy
        && (monitoring is HealthStatus.Degraded or HealthStatus.Failed || endpoints.Healthy < endpoints.Total)
            ? HealthStatus.Degraded
            : cluster;

    private static NodesHealth ClusterOf(ClusterAnswer answer)
    {
        var online = answer.Nodes.Values.Count(isOnline => isOnline);
        var status = !answer.IsHeadOnline ? HealthStatus.Failed
            : online < answer.Nodes.Count ? HealthStatus.Degraded
            : HealthStatus.Healthy;
        return new NodesHealth(status, online);
    }

    private static NodesHealth ClusterOf(List<CheckpointRecord> validated)
    {
        List<CheckpointRecord> failed = [.. validated.Where(record => record.Status is RecordStatus.Failed)];
        var status = validated.Count == 0 ? HealthStatus.Unknown
            : failed.Count == 0 ? HealthStatus.Healthy
            : failed.Count == validated.Count || failed.Any(IsHead) ? HealthStatus.Failed
            : HealthStatus.Degraded;
        return new NodesHealth(status, validated.Count - failed.Count);
    }

    private static MonitoringHealth MonitoringOf(List<CheckpointRecord> monitored)
    {
        List<MonitoringService> services =
        [
            .. from record in monitored
               let found = Found(record)
               where found.ValueKind is JsonValueKind.Object
               from property in found.EnumerateObject()
               where property.Name.EndsWith(Suffix, StringComparison.Ordinal)
               let told = Parse(property.Value)
               where told is not null
               select new MonitoringService(property.Name[..^Suffix.Length], record.Node, told.Value),
        ];
        List<MonitoringService> present = [.. services.Where(service => service.Status is not ServiceStatus.Skipped)];
        var failed = present.Count(service => service.Status is ServiceStatus.Failed);
        var status = present.Count > failed ? failed > 0 ? HealthStatus.Degraded : HealthStatus.Healthy
            : failed > 0 || monitored.Any(record => record.Status is RecordStatus.Failed) ? HealthStatus.Failed
            : HealthStatus.Unknown;
        return new MonitoringHealth(status, services);
    }

    private static ContainerCount ContainersOf(List<CheckpointRecord> validated)
    {
        var (total, running) = (0, 0);
        foreach (var record in validated)
        {
            var up = Number(record, "containers_running");
            running += up;
            total += Math.Max(up, List(record, "container_details").Length);
        }

        return new ContainerCount(total, running);
    }

    private static EndpointCount EndpointsOf(List<CheckpointRecord> validated)
    {
        List<ServiceStatus> asked =
        [
            .. from record in validated
               from endpoint in List(record, "monitoring_endpoints")
               where endpoint.ValueKind is JsonValueKind.Object && endpoint.TryGetProperty("status", out _)
               let status = Parse(endpoint.GetProperty("status"))
               where status is ServiceStatus.Healthy or ServiceStatus.Failed
               select status.Value,
        ];
        return new EndpointCount(asked.Count(status => status is ServiceStatus.Healthy), asked.Count);
    }

    private static bool IsHead(CheckpointRecord record) =>
        Found(record) is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty("node_type", out var type)
        && type.ValueKind is JsonValueKind.String && type.GetString() is "head";

    /// <summary>What the playbook told of the machine: of one that failed, what it had told before that.</summary>
    private static JsonElement Found(CheckpointRecord record) =>
        record.Status is RecordStatus.Failed && record.Detail.ValueKind is JsonValueKind.Object
        && record.Detail.TryGetProperty("found", out var found)
            ? found
            : record.Detail;

    private static JsonElement[] List(CheckpointRecord record, string name) =>
        Found(record) is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var list)
        && list.ValueKind is JsonValueKind.Array
            ? [.. list.EnumerateArray()]
            : [];

    // Ansible makes a text of what a template gives.
    private static int Number(CheckpointRecord record, string name) =>
        Found(record) is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var value)
        && int.TryParse(value.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    private static ServiceStatus? Parse(JsonElement status) => status.ToString() switch
    {
        "HEALTHY" or "200" => ServiceStatus.Healthy,
        "FAILED" => ServiceStatus.Failed,
        "SKIPPED" => ServiceStatus.Skipped,
        _ => null,
    };
}
