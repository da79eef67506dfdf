using Sandbox.Api.Auth;

namespace Sandbox.Api.Management;

/// <summary>Lets no caller any further who is no admin.</summary>
internal sealed class AdminFilter : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.Features.Get<Caller>() is { IsAdmin: true }
            ? next(context)
            : ValueTask.FromResult<object?>(
                new ProblemResult(StatusCodes.Status403Forbidden, "forbidden", "An admin's API key is needed."));
}
