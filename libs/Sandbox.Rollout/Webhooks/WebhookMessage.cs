using System.Text.Json.Nodes;
using Sandbox.Rollout.Audit;

namespace Sandbox.Rollout.Webhooks;

/// <summary>What a webhook is sent: an entry of the audit log, in the form of Standard Webhooks.</summary>
internal static class WebhookMessage
{
    public static string BodyOf(AuditEntry entry) => new JsonObject
    {
        ["type"] = entry.Action,
        ["timestamp"] = entry.At.ToUniversalTime().ToString("O"),
        ["data"] = new JsonObject
        {
            ["number"] = entry.Number,
            ["actor"] = entry.Actor,
            ["subject"] = entry.Subject,
            ["detail"] = JsonNode.Parse(entry.Detail),
        },
    }.ToJsonString();
}
