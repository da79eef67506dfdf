using Sandbox.Cli.Terminals;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Status;

namespace Sandbox.Cli.Output;

/// <summary>Prints what <c>validate</c> found, as JSON or as lines for people.</summary>
internal static class ValidationPage
{
    public static void Print(ClusterStatus status, bool json)
    {
        if (json)
        {
            Printer.Json(status, CliJson.Default.ClusterStatus);
            return;
        }

        var completed = $"{status.CompletedCheckpoints.Count}/{status.TotalCheckpoints} completed";
        Say($"deployment: {StatusWord.Of(status.DeploymentStatus)}, {completed}");
        foreach (var checkpoint in status.CheckpointDetails.Values)
        {
            Say($"  {Summary(checkpoint)}");
        }

        Print(status.ClusterHealth, json);
    }

    public static void Print(CheckpointStatus checkpoint, bool json)
    {
        if (json)
        {
            Printer.Json(checkpoint, CliJson.Default.CheckpointStatus);
            return;
        }

        Say($"{Summary(checkpoint)}, {checkpoint.Message}");
        foreach (var (node, found) in checkpoint.Nodes)
        {
            Say($"  {node}: {StatusWord.Of(found.Status)} {Times.Rfc3339(found.Timestamp)}");
        }
    }

    public static void Print(ClusterHealth health, bool json)
    {
        if (json)
        {
            Printer.Json(health, CliJson.Default.ClusterHealth);
            return;
        }

        Say($"health: {StatusWord.Of(health.OverallStatus)}");
        Say($"  nodes: {StatusWord.Of(health.Cluster.Status)}, {health.Cluster.Nodes} live");
        Say($"  monitoring: {StatusWord.Of(health.Monitoring.Status)}");
        foreach (var service in health.Monitoring.Services)
        {
            Say($"    {service.Name} on {service.Node}: {StatusWord.Of(service.Status)}");
        }

        Say($"  containers: {health.Containers.Running}/{health.Containers.Total} run");
        Say($"  endpoints: {health.Endpoints.Healthy}/{health.Endpoints.Total} answer");
    }

    public static void Print(ApprovalInfo info, bool json)
    {
        if (json)
        {
            Printer.Json(info, CliJson.Default.ApprovalInfo);
            return;
        }

        Say($"{info.Checkpoint}: {info.Message}");
        foreach (var line in info.ImpactSummary)
        {
            Say($"  {line}");
        }
    }

    private static string Summary(CheckpointStatus checkpoint) =>
        $"{checkpoint.Checkpoint}: {StatusWord.Of(checkpoint.Status)} {checkpoint.PassedNodes}/{checkpoint.TotalNodes}";

    private static void Say(string text) => StandardStreams.WriteOutputLine(PlainText.OneLine(text));
}
