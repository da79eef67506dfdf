using System.Text.Json;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Status;

namespace Sandbox.Rollout.Tests.Status;

public sealed class ClusterStatusTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly JsonSerializerOptions Wire = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    [Fact]
    public void Status_OfNothing_HasTheSixInOrderAsNotFound()
    {
        var status = ClusterStatus.Of([], [], answer: null, Now);

        Assert.Equal(CheckpointCatalog.All.Select(checkpoint => checkpoint.Name), status.CheckpointDetails.Keys);
        Assert.All(status.CheckpointDetails.Values, detail => Assert.Equal(RecordStatus.NotFound, detail.Status));
        Assert.Equal(
            (DeploymentStatus.InProgress, HealthStatus.Unknown, 6, Now),
            (status.DeploymentStatus, status.ClusterHealth.OverallStatus, status.TotalCheckpoints, status.LastUpdated));
        Assert.Empty(status.CompletedCheckpoints);
    }

    [Fact]
    public void Deployment_OfSixThatPassedOrWereSkipped_IsCompletedAndNamesThoseThatPassed()
    {
        var records = CheckpointCatalog.All.Select(checkpoint =>
            Record(checkpoint.Name, "head", checkpoint.Number == 5 ? RecordStatus.Skipped : RecordStatus.Passed));

        var status = ClusterStatus.Of([.. records], [], answer: null, Now);

        Assert.Equal(DeploymentStatus.Completed, status.DeploymentStatus);
        Assert.Equal(5, status.CompletedCheckpoints.Count);
        Assert.DoesNotContain("monitoring-deployment", status.CompletedCheckpoints);
    }

    [Fact]
    public void Deployment_WithOneMachineThatFailed_IsFailedUntilTheCheckpointRunsAgain()
    {
        CheckpointRecord[] records =
        [
            Record("cluster-deployment", "head", RecordStatus.Passed),
            Record("cluster-deployment", "node-1", RecordStatus.Failed, """{"error": "Start: no space left"}"""),
        ];
        var running = new Execution(Guid.NewGuid(), "cluster-deployment", "head,node-1", "plan", "ann", Now);

        var failed = ClusterStatus.Of(records, [], answer: null, Now);
        var again = ClusterStatus.Of([], [running], answer: null, Now);

        var detail = failed.CheckpointDetails["cluster-deployment"];
        Assert.Equal(DeploymentStatus.Failed, failed.DeploymentStatus);
        Assert.Equal((RecordStatus.Failed, 2, 1), (detail.Status, detail.TotalNodes, detail.PassedNodes));
        Assert.Equal("failed on node-1: Start: no space left", detail.Message);
        Assert.Equal(DeploymentStatus.InProgress, again.DeploymentStatus);
        Assert.Equal(RecordStatus.InProgress, again.CheckpointDetails["cluster-deployment"].Status);
    }

    [Fact]
    public void Status_OnTheWire_HasTheDocumentedMembersAndWords()
    {
        var status = ClusterStatus.Of([Record("cleanup-existing", "head", RecordStatus.Passed)], [], answer: null, Now);

        using var document = JsonDocument.Parse(JsonSerializer.Serialize(status, Wire));

        var root = document.RootElement;
        Assert.Equal(
            ["deployment_status", "completed_checkpoints", "total_checkpoints", "checkpoint_details", "cluster_health", "last_updated"],
            NamesOf(root));
        Assert.Equal("IN_PROGRESS", root.GetProperty("deployment_status").GetString());
        var cleanup = root.GetProperty("checkpoint_details").GetProperty("cleanup-existing");
        Assert.Equal(["checkpoint", "status", "nodes", "total_nodes", "passed_nodes", "message"], NamesOf(cleanup));
        Assert.Equal(
            ["status", "timestamp", "approval_required", "destructive_operation"],
            NamesOf(cleanup.GetProperty("nodes").GetProperty("head")));
        Assert.Equal("PASSED", cleanup.GetProperty("status").GetString());
        Assert.Equal("NOT_FOUND", root.GetProperty("checkpoint_details").GetProperty("final-validation").GetProperty("status").GetString());
        var health = root.GetProperty("cluster_health");
        Assert.Equal(["overall_status", "ray_cluster", "monitoring", "containers", "endpoints"], NamesOf(health));
        Assert.Equal("UNKNOWN", health.GetProperty("overall_status").GetString());
    }

    private static IEnumerable<string> NamesOf(JsonElement element) => element.EnumerateObject().Select(property => property.Name);

    private static CheckpointRecord Record(string checkpoint, string node, RecordStatus status, string detail = "{}") =>
        new(checkpoint, node, Guid.NewGuid(), status, Now, JsonSerializer.Deserialize<JsonElement>(detail));
}
