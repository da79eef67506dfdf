using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class ProjectResourceBuilderExtensions
{
    /// <summary>A project of the solution. It listens where <c>ASPNETCORE_URLS</c> says, and writes plain, coloured lines.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new()
    {
        var project = builder.AddResource(new ProjectResource(name)).WithAnnotation(new TProject());
        return builder.ExecutionContext.IsPublishMode
            ? project.WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory").WithEnvironment(SetPorts)
            : project.WithEnvironment(context => SetTelemetry(context, builder)).WithEnvironment(SetUrls)
                .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
                .WithEnvironment("LOGGING__CONSOLE__FORMATTERNAME", "simple")
                .WithEnvironment("DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "true");
    }

    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas) =>
        builder.WithAnnotation(new ReplicaAnnotation(replicas), ResourceAnnotationMutationBehavior.Replace);

    private static void SetUrls(EnvironmentCallbackContext context)
    {
        foreach (var endpoint in HttpEndpoints(context.Resource))
        {
            var url = ReferenceExpression.Create($"{endpoint.Property(EndpointProperty.Scheme)}://localhost:{endpoint.Property(EndpointProperty.TargetPort)}");
            context.EnvironmentVariables["ASPNETCORE_URLS"] = context.EnvironmentVariables.TryGetValue("ASPNETCORE_URLS", out var before)
                ? ReferenceExpression.Create($"{(ReferenceExpression)before};{url}")
                : url;
        }
    }

    private static void SetPorts(EnvironmentCallbackContext context)
    {
        if (context.Resource.Annotations.OfType<EndpointAnnotation>().Any())
        {
            context.EnvironmentVariables["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true";
        }

        var endpoints = HttpEndpoints(context.Resource).ToList();
        if (endpoints.Count == 0)
        {
            return;
        }

        context.EnvironmentVariables["HTTP_PORTS"] = endpoints
            .Select(endpoint => ReferenceExpression.Create($"{endpoint.Property(EndpointProperty.TargetPort)}"))
            .Aggregate((one, next) => ReferenceExpression.Create($"{one};{next}"));
    }

    /// <summary>There is no dashboard here; whoever runs a collector names it as anywhere.</summary>
    private static void SetTelemetry(EnvironmentCallbackContext context, IDistributedApplicationBuilder builder)
    {
        context.EnvironmentVariables["OTEL_SERVICE_NAME"] = context.Resource.Name;
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not { Length: > 0 } endpoint)
        {
            return;
        }

        context.EnvironmentVariables["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint;
        context.EnvironmentVariables["OTEL_EXPORTER_OTLP_PROTOCOL"] = builder.Configuration["OTEL_EXPORTER_OTLP_PROTOCOL"] ?? "grpc";
        if (builder.Configuration["OTEL_EXPORTER_OTLP_HEADERS"] is { Length: > 0 } headers)
        {
            context.EnvironmentVariables["OTEL_EXPORTER_OTLP_HEADERS"] = headers;
        }
    }

    /// <summary>Without those that have a variable of their own.</summary>
    private static IEnumerable<EndpointReference> HttpEndpoints(IResource resource) => resource.Annotations.OfType<EndpointAnnotation>()
        .Where(endpoint => endpoint.UriScheme is "http" or "https" && !endpoint.HasOwnVariable)
        .Select(endpoint => new EndpointReference((IResourceWithEndpoints)resource, endpoint.Name));
}
