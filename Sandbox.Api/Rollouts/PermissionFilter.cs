using Sandbox.Api.Auth;

namespace Sandbox.Api.Rollouts;

/// <summary>Lets no caller any further whose key does not carry a permission.</summary>
internal sealed class PermissionFilter(string permission) : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.Features.Get<Caller>()?.May(permission) is true
            ? next(context)
            : ValueTask.FromResult<object?>(RolloutProblemResult.Forbidden(permission));
}
