using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Management;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Management;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Api.ClusterManagement;

/// <summary>The management of a cluster of engines: its nodes and what they have, for each caller; to change them, for admins.</summary>
internal static class ClusterManagementEndpoints
{
    private const double LeastCpu = 1, MostCpu = 32, LeastMemory = 4, MostMemory = 128;

    private static readonly int[] Failures =
    [
        StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status429TooManyRequests,
        StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable,
    ];

    public static void MapClusterManagement(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup(ManagementEndpoints.Prefix).AddEndpointFilter<FailureFilter>();
        foreach (var status in Failures)
        {
            api.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ProblemMessage), [ProblemResult.ContentType]));
        }

        var group = api.MapGroup("").WithTags("Cluster");
        group.MapGet("/cluster/info", Info).WithSummary("How the cluster is reached");
        group.MapGet("/resources/nodes", ListAsync)
            .WithSummary("The nodes and what they have, also those that were added and have not joined yet");
        group.MapGet("/resources/capacity", CapacityAsync).WithSummary("What the nodes that are alive have and what is free of it");
        group.MapApplications();
        var admin = group.MapGroup("").AddEndpointFilter<AdminFilter>().WithDescription("Needs an admin's API key.");
        admin.MapPost("/resources/nodes/add", AddAsync).WithSummary("Asks for another node");
        admin.MapDelete("/resources/nodes/{app_id}", RemoveAsync).WithSummary("Removes a node that was added");
    }

    private static Results<JsonOk<ClusterInfoResult>, ProblemResult> Info(NodeProvisioner provisioner) =>
        provisioner.FindInfo() is { } info
            ? new JsonOk<ClusterInfoResult>(new ClusterInfoResult(
                info.HeadAddress, info.DashboardUrl, info.ManagementApiUrl, info.RayVersion, info.ClusterName))
            : Unavailable("no_cluster", "No cluster was started of which this server is the head.");

    private static async Task<JsonOk<ResourceNodesResult>> ListAsync(ClusterResources resources, CancellationToken cancellationToken) =>
        new(await resources.ListAsync(cancellationToken));

    private static async Task<JsonOk<ClusterCapacityResult>> CapacityAsync(
        ClusterResources resources, CancellationToken cancellationToken) => new(await resources.CapacityAsync(cancellationToken));

    private static async Task<Results<JsonOk<AddedNodeResult>, ProblemResult>> AddAsync(
        JsonBody<AddNodeRequest> body, NodeProvisioner provisioner, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        var (cpu, memory, type) = (body.Value.Cpu ?? 4, body.Value.Memory ?? 16, body.Value.NodeType ?? NodeTypes.Worker);
        if (ProblemOf(cpu, memory, type) is { } problem)
        {
            return new ProblemResult(StatusCodes.Status422UnprocessableEntity, "invalid", problem);
        }

        if (!provisioner.IsConfigured)
        {
            return NotConfigured();
        }

        try
        {
            var added = await provisioner.AddAsync(type, cpu, memory, cancellationToken);
            return new JsonOk<AddedNodeResult>(new AddedNodeResult("launching", added.Id, added.Name, cpu, memory, type));
        }
        catch (CmlException exception)
        {
            return Failed(exception);
        }
    }

    private static async Task<Results<JsonOk<RemovedNodeResult>, ProblemResult>> RemoveAsync(
        string app_id, NodeProvisioner provisioner, CancellationToken cancellationToken)
    {
        if (!provisioner.IsConfigured)
        {
            return NotConfigured();
        }

        try
        {
            return await provisioner.TryRemoveAsync(app_id, cancellationToken)
                ? new JsonOk<RemovedNodeResult>(new RemovedNodeResult("removed", app_id))
                : ProblemResult.NotFound("No node that was added is such an application.");
        }
        catch (CmlException exception)
        {
            return Failed(exception);
        }
    }

    private static string? ProblemOf(double cpu, double memory, string type) =>
        cpu is not (>= LeastCpu and <= MostCpu) ? $"cpu: from {LeastCpu} to {MostCpu} cores."
        : memory is not (>= LeastMemory and <= MostMemory) ? $"memory: from {LeastMemory} to {MostMemory} GiB."
        : type is not (NodeTypes.Worker or NodeTypes.GpuWorker) ? $"node_type: {NodeTypes.Worker} or {NodeTypes.GpuWorker}."
        : null;

    private static ProblemResult NotConfigured() =>
        Unavailable("no_provisioner", "This server adds no nodes: ClusterManagement:ConfigFile is not set.");

    private static ProblemResult Unavailable(string code, string detail) => new(StatusCodes.Status503ServiceUnavailable, code, detail);

    /// <summary>What went wrong on the way to Cloudera ML is no fault of the caller's, but for a cluster that is not there.</summary>
    private static ProblemResult Failed(CmlException exception) => exception.Error is CmlError.NotFound
        ? Unavailable("no_cluster", exception.Message)
        : new ProblemResult(StatusCodes.Status502BadGateway, "provisioner_failed", exception.Message);
}
