using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Schedules;
using Sandbox.Rollout.Webhooks;

namespace Sandbox.Storage;

/// <summary>Approvals, runs, records, deployments, schedules and webhooks of rollouts, as text.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(Execution))]
[JsonSerializable(typeof(CheckpointRecord))]
[JsonSerializable(typeof(Deployment))]
[JsonSerializable(typeof(Schedule))]
[JsonSerializable(typeof(Webhook))]
[JsonSerializable(typeof(WebhookDelivery))]
internal sealed partial class RolloutJson : JsonSerializerContext
{
    public static string Write(Approval approval) => JsonSerializer.Serialize(approval, Default.Approval);

    public static string Write(Execution execution) => JsonSerializer.Serialize(execution, Default.Execution);

    public static string Write(CheckpointRecord record) => JsonSerializer.Serialize(record, Default.CheckpointRecord);

    public static Approval ReadApproval(string text) =>
        JsonSerializer.Deserialize(text, Default.Approval) ?? throw new InvalidDataException("An approval is empty.");

    public static Execution ReadExecution(string text) =>
        JsonSerializer.Deserialize(text, Default.Execution) ?? throw new InvalidDataException("A run is empty.");

    public static CheckpointRecord ReadRecord(string text) =>
        JsonSerializer.Deserialize(text, Default.CheckpointRecord) ?? throw new InvalidDataException("A record is empty.");

    public static string Write(Deployment deployment) => JsonSerializer.Serialize(deployment, Default.Deployment);

    public static string Write(Schedule schedule) => JsonSerializer.Serialize(schedule, Default.Schedule);

    public static string Write(Webhook webhook) => JsonSerializer.Serialize(webhook, Default.Webhook);

    public static string Write(WebhookDelivery delivery) => JsonSerializer.Serialize(delivery, Default.WebhookDelivery);

    public static Deployment ReadDeployment(string text) =>
        JsonSerializer.Deserialize(text, Default.Deployment) ?? throw new InvalidDataException("A deployment is empty.");

    public static Schedule ReadSchedule(string text) =>
        JsonSerializer.Deserialize(text, Default.Schedule) ?? throw new InvalidDataException("A schedule is empty.");

    public static Webhook ReadWebhook(string text) =>
        JsonSerializer.Deserialize(text, Default.Webhook) ?? throw new InvalidDataException("A webhook is empty.");

    public static WebhookDelivery ReadDelivery(string text) =>
        JsonSerializer.Deserialize(text, Default.WebhookDelivery) ?? throw new InvalidDataException("A message to a webhook is empty.");
}
