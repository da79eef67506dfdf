using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Auth;
using Sandbox.Api.Management;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Records;

namespace Sandbox.Api.Rollouts;

/// <summary>The nodes, for admins and for who may read rollouts.</summary>
internal static class NodeStatusRoutes
{
    private const string Prerequisites = "prerequisites-check";

    private static readonly NodeCapacityMessage Nothing = new(0, 0, 0, 0);

    public static void MapNodeStatus(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("Nodes")
            .WithDescription($"Needs an admin's API key, or one with the permission {Permission.RolloutRead}.")
            .AddEndpointFilter(static (context, next) =>
                context.HttpContext.Features.Get<Caller>() is { } caller && (caller.IsAdmin || caller.May(Permission.RolloutRead))
                    ? next(context)
                    : ValueTask.FromResult<object?>(
                        new ProblemResult(StatusCodes.Status403Forbidden, "forbidden", "An admin's API key is needed.")));
        group.MapGet("/nodes", ListAsync).WithSummary("The nodes of the cluster, and the machines of the inventory that are none yet");
        group.MapGet("/nodes/{node}", FindAsync).WithSummary("One node: what is known of its machine, and what runs there");
    }

    private static async Task<JsonOk<IReadOnlyList<NodeResult>>> ListAsync(NodeStates states, CancellationToken cancellationToken) =>
        new([.. (await states.ListAsync(cancellationToken)).Select(ResultOf)]);

    private static async Task<Results<JsonOk<NodeDetailsResult>, RolloutProblemResult>> FindAsync(
        string node, NodeStates states, RolloutAccess rollout, CancellationToken cancellationToken)
    {
        if ((await states.ListAsync(cancellationToken)).FirstOrDefault(state => state.Name == node) is not { } found)
        {
            return RolloutProblemResult.NotFound("There is no such node.");
        }

        List<CheckpointRecord> records = rollout.IsConfigured
            ? [.. (await rollout.Store.RecordsAsync(cancellationToken)).Where(record => record.Node == node)] : [];
        var passed = records.Where(record => record.Status is RecordStatus.Passed).Select(record => record.Checkpoint).ToHashSet();
        return new JsonOk<NodeDetailsResult>(new NodeDetailsResult(
            found.Name, found.Ip, found.Role, found.Status, SystemOf(records),
            [.. found.Sandboxes.Select(sandbox => new NodeContainerResult(
                sandbox.Id.ToString(), sandbox.State.Name(), sandbox.Spec.Image))],
            [.. CheckpointCatalog.All.Select(checkpoint => checkpoint.Name).Where(passed.Contains)]));
    }

    private static NodeResult ResultOf(NodeState state)
    {
        var result = state.Node is { } node ? NodeRoutes.ResultOf(node) : new NodeResult(
            state.Name, "unknown", Draining: false, SilentSeconds: 0, Address: "", state.Ip, Version: "", [],
            new Dictionary<string, string>(), Sandboxes: 0, Nothing, Nothing, "it never registered with the cluster");
        return result with
        {
            Ip = state.Ip,
            Role = state.Role,
            Status = state.Status,
            Containers = [.. state.Sandboxes.Select(sandbox => sandbox.Id.ToString())],
        };
    }

    /// <summary>What the prerequisites check told of the machine, also where it failed.</summary>
    private static JsonElement? SystemOf(List<CheckpointRecord> records) =>
        records.Find(record => record.Checkpoint == Prerequisites) is { Detail: { ValueKind: JsonValueKind.Object } detail }
            ? Member(detail, "system_info") ?? (Member(detail, "found") is { } found ? Member(found, "system_info") : null)
            : null;

    private static JsonElement? Member(JsonElement detail, string name) =>
        detail.ValueKind is JsonValueKind.Object && detail.TryGetProperty(name, out var member) ? member : null;
}
