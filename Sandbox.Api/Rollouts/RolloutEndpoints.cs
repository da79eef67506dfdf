using Sandbox.Api.Management;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Rollouts;

/// <summary>The rollout of a cluster on machines of one's own: checkpoints, runs, consents, the audit log, and what became of it. It
/// belongs to the operator: each route needs a key that carries its permission.</summary>
internal static class RolloutEndpoints
{
    /// <summary>The rate limit of what makes a plan: each is a run of Ansible.</summary>
    public const string PlanLimit = "rollout-plans";

    private static readonly int[] Failures =
    [
        StatusCodes.Status400BadRequest, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict,
        StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable,
    ];

    private static readonly int[] Refusals =
        [StatusCodes.Status401Unauthorized, StatusCodes.Status429TooManyRequests];

    public static void MapRollouts(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup(ManagementEndpoints.Prefix).AddEndpointFilter<FailureFilter>();
        Describe(api, Refusals, typeof(ProblemMessage));
        api.MapServerHealth();
        api.MapNodeStatus();
        api.MapClusterStatus();

        var rollout = api.MapGroup("");
        Describe(rollout, Failures, typeof(RolloutProblem));
        var read = With(rollout, Permission.RolloutRead);
        var run = With(rollout, Permission.RolloutRun);
        var approve = With(rollout, Permission.RolloutApprove);
        read.MapClusterHealth();
        CheckpointRoutes.Map(read, run);
        ExecutionRoutes.Map(read, run);
        ApprovalRoutes.Map(read, run, approve);
        DeploymentRoutes.Map(read, run);
        ScheduleRoutes.Map(read, run);
        WebhookRoutes.Map(run);
        read.MapAudit();
        read.MapMonitoring();
    }

    private static RouteGroupBuilder With(RouteGroupBuilder rollout, string permission) =>
        rollout.MapGroup("").WithTags("Rollout").WithDescription($"Needs an API key with the permission {permission}.")
            .AddEndpointFilter(new PermissionFilter(permission)).AddEndpointFilter<ConfiguredFilter>();

    private static void Describe(RouteGroupBuilder group, int[] statuses, Type body)
    {
        foreach (var status in statuses)
        {
            group.WithMetadata(new ProducesResponseTypeMetadata(status, body, [ProblemResult.ContentType]));
        }
    }
}
