using Sandbox.Contracts.Management;

namespace Sandbox.Api.Management;

/// <summary>Tenants, keys, dead letters, nodes, their diagnostics and maintenance, and join tokens, for admins only; and what each tenant
/// may read of its sandboxes, and do with its models.</summary>
internal static class ManagementEndpoints
{
    public const string Prefix = "/api/v1";

    /// <summary>How any route may fail, whatever it is about.</summary>
    private static readonly int[] Failures =
    [
        StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status429TooManyRequests,
        StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable,
    ];

    public static void MapManagement(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup(Prefix).AddEndpointFilter<FailureFilter>();
        foreach (var status in Failures)
        {
            api.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ProblemMessage), [ProblemResult.ContentType]));
        }

        api.MapUsage();
        api.MapSandboxes();
        api.MapModels();
        api.MapModelUsage();
        var admin = api.MapGroup("").AddEndpointFilter<AdminFilter>().WithDescription("Needs an admin's API key.");
        admin.MapTenants();
        admin.MapKeys();
        admin.MapDeadLetters();
        admin.MapNodes();
        admin.MapDiagnostics();
        admin.MapMaintenance();
        admin.MapJoinTokens();
    }
}
