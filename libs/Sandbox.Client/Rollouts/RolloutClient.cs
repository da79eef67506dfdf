using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Sandbox.Client.Wire;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rollouts;

namespace Sandbox.Client.Rollouts;

/// <summary>The rollout of a server: checkpoints, runs, consents and the audit log. Every failure that the server states is a
/// <see cref="SandboxClientException"/>.</summary>
public sealed class RolloutClient
{
    private const string End = "end";

    // Of a page of the audit log.
    private const int PageSize = 1000;

    /// <summary>A plan asks every machine, and the end of a run's processes is waited for.</summary>
    private static readonly TimeSpan LongLimit = TimeSpan.FromMinutes(30);

    private readonly ServerConnection _server;
    private readonly ManagementCalls _calls;

    internal RolloutClient(ServerConnection server) => (_server, _calls) = (server, new ManagementCalls(server, LongLimit));

    /// <summary>How far the rollout is, checkpoint by checkpoint.</summary>
    public async Task<ClusterStatusResult> StatusAsync(CancellationToken cancellationToken)
    {
        var status = await _calls.GetAsync("cluster/status", ManagementJson.Default.ClusterStatusResult, cancellationToken);

        // A server tells of its nodes also where it has no rollout to tell of.
        return status.DeploymentStatus is null
            ? throw new SandboxClientException(
                "no_rollout", "this server runs no rollout, or the API key has no permission to read it (docs/rollout.md)")
            : status;
    }

    public Task<ClusterHealthResult> HealthAsync(CancellationToken cancellationToken) =>
        _calls.GetAsync("cluster/health", ManagementJson.Default.ClusterHealthResult, cancellationToken);

    /// <summary>What a run of a checkpoint would do now.</summary>
    public Task<PlanResult> PlanAsync(string checkpoint, CancellationToken cancellationToken) =>
        _calls.GetAsync($"checkpoints/{Name(checkpoint)}/plan", ManagementJson.Default.PlanResult, cancellationToken);

    /// <summary>Begins a run; without a consent that fits, the exception has what is needed
    /// (<see cref="SandboxClientException.ApprovalInfo"/>).</summary>
    public Task<CheckpointRunResult> RunAsync(string checkpoint, CheckpointRunRequest request, CancellationToken cancellationToken) =>
        _calls.PostAsync(
            $"checkpoints/{Name(checkpoint)}", request, ManagementJson.Default.CheckpointRunRequest,
            ManagementJson.Default.CheckpointRunResult, cancellationToken);

    /// <summary>The newest runs, without what they printed.</summary>
    public Task<ExecutionPageResult> ExecutionsAsync(CancellationToken cancellationToken) =>
        _calls.GetAsync("executions", ManagementJson.Default.ExecutionPageResult, cancellationToken);

    /// <summary>A run with what it printed behind a line.</summary>
    /// <param name="after">The number of the last line that the caller has; 0 for all.</param>
    public Task<ExecutionResult> ExecutionAsync(Guid id, long after, CancellationToken cancellationToken) =>
        _calls.GetAsync($"executions/{id}?after={after}", ManagementJson.Default.ExecutionResult, cancellationToken);

    public Task<ExecutionResult> StopAsync(Guid execution, CancellationToken cancellationToken) =>
        _calls.PostAsync($"executions/{execution}/stop", ManagementJson.Default.ExecutionResult, cancellationToken);

    /// <summary>What a run prints, each line once, until it has ended. A stream that breaks is taken up where it broke.</summary>
    public async IAsyncEnumerable<OutputLineMessage> OutputAsync(
        Guid execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = 0L;
        while (true)
        {
            using var answer = await _calls.OpenAsync($"executions/{execution}/output?after={after}", lastEventId: null, cancellationToken);
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            var messages = SseParser.Create(
                body, (type, data) => type is End ? null : JsonSerializer.Deserialize(data, ManagementJson.Default.OutputLineMessage));
            await using var items = messages.EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await _server.ReadAsync(() => items.MoveNextAsync().AsTask()))
            {
                if (items.Current.Data is not { } line)
                {
                    yield break;
                }

                after = line.Number;
                yield return line;
            }
        }
    }

    /// <summary>Requests for a consent, the newest first.</summary>
    public Task<IReadOnlyList<ApprovalResult>> ApprovalsAsync(CancellationToken cancellationToken) =>
        _calls.GetAsync("approvals", ManagementJson.Default.IReadOnlyListApprovalResult, cancellationToken);

    /// <summary>Asks for a consent to what a run would do now.</summary>
    public Task<PlanResult> RequestApprovalAsync(string checkpoint, CancellationToken cancellationToken) =>
        _calls.PostAsync(
            "approvals", new ApprovalRequest(checkpoint), ManagementJson.Default.ApprovalRequest, ManagementJson.Default.PlanResult,
            cancellationToken);

    public Task<ApprovalGrantResult> ApproveAsync(Guid approval, ApprovalGrantRequest grant, CancellationToken cancellationToken) =>
        _calls.PostAsync(
            $"approvals/{approval}", grant, ManagementJson.Default.ApprovalGrantRequest, ManagementJson.Default.ApprovalGrantResult,
            cancellationToken);

    public Task<ApprovalResult> DenyAsync(Guid approval, string reason, CancellationToken cancellationToken) =>
        EndAsync(approval, "deny", reason, cancellationToken);

    public Task<ApprovalResult> RevokeAsync(Guid approval, string reason, CancellationToken cancellationToken) =>
        EndAsync(approval, "revoke", reason, cancellationToken);

    /// <summary>The whole audit log, the oldest entry first.</summary>
    public async IAsyncEnumerable<AuditEntryResult> AuditAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = 0L;
        while (true)
        {
            var page = await _calls.GetAsync(
                $"audit?after={after}&limit={PageSize}", ManagementJson.Default.IReadOnlyListAuditEntryResult, cancellationToken);
            foreach (var entry in page)
            {
                after = entry.Number;
                yield return entry;
            }

            if (page.Count < PageSize)
            {
                yield break;
            }
        }
    }

    /// <param name="last">The newest entry's hash as it was noted elsewhere; null: entries taken off the end are not noticed.</param>
    public Task<AuditVerificationResult> VerifyAuditAsync(string? last, CancellationToken cancellationToken) =>
        _calls.GetAsync(
            last is null ? "audit/verify" : $"audit/verify?last={Name(last)}", ManagementJson.Default.AuditVerificationResult,
            cancellationToken);

    private Task<ApprovalResult> EndAsync(Guid approval, string verb, string reason, CancellationToken cancellationToken) =>
        _calls.PostAsync(
            $"approvals/{approval}/{verb}", new ApprovalDecisionRequest(reason), ManagementJson.Default.ApprovalDecisionRequest,
            ManagementJson.Default.ApprovalResult, cancellationToken);

    private static string Name(string text) => Uri.EscapeDataString(text);
}
