using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Schedules;
using Sandbox.Rollout.Webhooks;

namespace Sandbox.Rollout;

/// <summary>What is kept beside runs, approvals and the audit log.</summary>
public sealed record RolloutHistoryStores(IDeploymentStore Deployments, IScheduleStore Schedules, IWebhookStore Webhooks);
