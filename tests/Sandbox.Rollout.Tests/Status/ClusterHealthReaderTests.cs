using System.Text.Json;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Status;

namespace Sandbox.Rollout.Tests.Status;

public sealed class ClusterHealthReaderTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly CheckpointRecord[] Validated =
    [
        Record("head", RecordStatus.Passed, """
            {"node_type": "head", "containers_running": "3", "container_details": [1, 2, 3, 4],
             "monitoring_endpoints": [{"name": "prometheus", "status": "HEALTHY"}, {"name": "grafana", "status": "SKIPPED"}]}
            """),
        Record("node-1", RecordStatus.Passed, """
            {"node_type": "worker", "containers_running": 2, "container_details": [1, 2],
             "monitoring_endpoints": [{"name": "node_exporter", "status": "HEALTHY"}]}
            """),
    ];

    [Theory]
    [InlineData(true, true, HealthStatus.Healthy)]
    [InlineData(true, false, HealthStatus.Degraded)]
    [InlineData(false, true, HealthStatus.Failed)]
    [InlineData(false, false, HealthStatus.Failed)]
    public void Health_OfAClusterThatWasAsked_IsWhatHeadAndWorkersSay(bool isHeadOnline, bool isWorkerOnline, HealthStatus expected)
    {
        var answer = new ClusterAnswer(isHeadOnline, new Dictionary<string, bool> { ["node-1"] = isWorkerOnline, ["node-2"] = true });

        Assert.Equal(expected, ClusterHealthReader.Read(Validated, answer).OverallStatus);
        Assert.Equal(expected, ClusterHealthReader.Read([], answer).OverallStatus);
    }

    [Fact]
    public void Health_OfAClusterThatNobodyAskedOrValidated_IsUnknown() =>
        Assert.Equal(HealthStatus.Unknown, ClusterHealthReader.Read([Record("head", "cluster-deployment")], answer: null).OverallStatus);

    [Fact]
    public void Health_OfAValidatedCluster_CountsWhatTheValidationFound()
    {
        var health = ClusterHealthReader.Read(Validated, answer: null);

        Assert.Equal(HealthStatus.Healthy, health.OverallStatus);
        Assert.Equal(new NodesHealth(HealthStatus.Healthy, 2), health.Cluster);
        Assert.Equal(new ContainerCount(Total: 6, Running: 5), health.Containers);
        Assert.Equal(new EndpointCount(Healthy: 2, Total: 2), health.Endpoints);
    }

    [Theory]
    [InlineData("node-1", HealthStatus.Degraded)]
    [InlineData("head", HealthStatus.Failed)]
    public void Health_OfAValidationThatFailedOnOneMachine_IsWorseForTheHead(string failed, HealthStatus expected)
    {
        var records = Validated.Select(record => record.Node == failed
            ? record with
            {
                Status = RecordStatus.Failed,
                Detail = JsonSerializer.SerializeToElement(new { error = "no sandbox", found = record.Detail }),
            }
            : record);

        Assert.Equal(expected, ClusterHealthReader.Read([.. records], answer: null).OverallStatus);
    }

    [Fact]
    public void Health_AfterACleanup_DoesNotSayWhatWasBefore()
    {
        var cleaned = Record("head", "cleanup-existing") with { Timestamp = Now.AddMinutes(1) };

        Assert.Equal(HealthStatus.Unknown, ClusterHealthReader.Read([.. Validated, cleaned], answer: null).OverallStatus);
    }

    [Theory]
    [InlineData("HEALTHY", "HEALTHY", HealthStatus.Healthy, HealthStatus.Healthy)]
    [InlineData("HEALTHY", "SKIPPED", HealthStatus.Healthy, HealthStatus.Healthy)]
    [InlineData("HEALTHY", "FAILED", HealthStatus.Degraded, HealthStatus.Degraded)]
    [InlineData("FAILED", "FAILED", HealthStatus.Failed, HealthStatus.Degraded)]
    [InlineData("SKIPPED", "SKIPPED", HealthStatus.Unknown, HealthStatus.Healthy)]
    public void Monitoring_ThatIsPartlyThere_DegradesTheClusterAndDoesNotFailIt(
        string prometheus, string grafana, HealthStatus monitoring, HealthStatus overall)
    {
        var monitored = Record("head", "monitoring-deployment") with
        {
            Detail = JsonSerializer.SerializeToElement(new { prometheus_status = prometheus, grafana_status = grafana, status = "PASSED" }),
        };

        var health = ClusterHealthReader.Read([.. Validated, monitored], answer: null);

        Assert.Equal((monitoring, overall), (health.Monitoring.Status, health.OverallStatus));
        Assert.Equal(["prometheus", "grafana"], health.Monitoring.Services.Select(service => service.Name));
    }

    private static CheckpointRecord Record(string node, string checkpoint) =>
        new(checkpoint, node, Guid.NewGuid(), RecordStatus.Passed, Now, default);

    private static CheckpointRecord Record(string node, RecordStatus status, string detail) =>
        new("final-validation", node, Guid.NewGuid(), status, Now, JsonSerializer.Deserialize<JsonElement>(detail));
}
