using Sandbox.Rollout.Ansible;

namespace Sandbox.Api.Rollouts;

/// <summary>A server without a rollout says so, and one whose Ansible cannot be used says why.</summary>
internal sealed class ConfiguredFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (context.HttpContext.RequestServices.GetRequiredService<RolloutAccess>().IsConfigured is false)
        {
            return new RolloutProblemResult(
                StatusCodes.Status409Conflict, "no_rollout",
                "This server runs no rollout: Rollout:StateFolder and Rollout:Inventory are not set (docs/rollout.md).");
        }

        try
        {
            return await next(context);
        }
        catch (AnsibleException exception)
        {
            return RolloutProblemResult.Of(exception);
        }
    }
}
