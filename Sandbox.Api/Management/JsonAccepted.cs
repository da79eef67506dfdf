using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Sandbox.Api.Management;

/// <summary>202, and what was begun, in the form of <see cref="Contracts.Management.ManagementJson"/>.</summary>
/// <param name="location">Where it is followed.</param>
internal sealed class JsonAccepted<T>(T value, string location) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status202Accepted;
        httpContext.Response.Headers.Location = location;
        return ManagementAnswer.WriteAsync(httpContext, value);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        ManagementAnswer.Describe<T>(builder, StatusCodes.Status202Accepted);
}
