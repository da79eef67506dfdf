using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Sandbox.Api.Management;

/// <summary>200, and the value in the form of <see cref="Contracts.Management.ManagementJson"/>.</summary>
internal sealed class JsonOk<T>(T value) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) => ManagementAnswer.WriteAsync(httpContext, value);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        ManagementAnswer.Describe<T>(builder, StatusCodes.Status200OK);
}
