using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Sandbox.Api.Management;

/// <summary>201, and what was made, in the form of <see cref="Contracts.Management.ManagementJson"/>.</summary>
internal sealed class JsonCreated<T>(T value) : IResult, IEndpointMetadataProvider
{
    /// <summary>The answer holds a secret, and no cache may keep it.</summary>
    public bool IsSecret { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status201Created;
        if (IsSecret)
        {
            httpContext.Response.Headers.CacheControl = "no-store";
        }

        return ManagementAnswer.WriteAsync(httpContext, value);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        ManagementAnswer.Describe<T>(builder, StatusCodes.Status201Created);
}
