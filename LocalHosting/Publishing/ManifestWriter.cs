using System.Text.Encodings.Web;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>The floor plan as the JSON that deployment tools read. Paths are relative to its own folder.</summary>
internal sealed class ManifestWriter(DistributedApplicationModel model, DistributedApplicationExecutionContext context, string folder)
{
    private readonly HashSet<ParameterResource> _uriParameters = [];

    public async Task WriteAsync(string file, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await using var stream = File.Create(file);
        await using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteStartObject("resources");
        foreach (var resource in model.Resources.Where(IsPublished))
        {
            writer.WriteStartObject(resource.Name);
            await WriteAsync(writer, resource, cancellationToken);
            writer.WriteEndObject();
        }

        foreach (var parameter in _uriParameters)
        {
            writer.WriteStartObject($"{parameter.Name}-uri-encoded");
            writer.WriteString("type", "annotated.string");
            writer.WriteString("value", parameter.ValueExpression);
            writer.WriteString("filter", "uri");
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static bool IsPublished(IResource resource) =>
        resource is not IComputeEnvironmentResource && !resource.Annotations.OfType<ManifestPublishingCallbackAnnotation>().Any();

    private async Task WriteAsync(Utf8JsonWriter writer, IResource resource, CancellationToken cancellationToken)
    {
        switch (resource)
        {
            case ProjectResource project:
                writer.WriteString("type", "project.v0");
                writer.WriteString("path", Relative(project.Annotations.OfType<IProjectMetadata>().Single().ProjectPath));
                await WriteExecutionAsync(writer, project, cancellationToken);
                break;
            case ContainerResource container:
                writer.WriteString("type", "container.v0");
                WriteConnectionString(writer, container);
                writer.WriteString("image", container.TryGetContainerImageName(out var image) ? image : throw new DistributedApplicationException($"'{container.Name}' has no image"));
                if (container.Entrypoint is not null)
                {
                    writer.WriteString("entrypoint", container.Entrypoint);
                }

                await WriteExecutionAsync(writer, container, cancellationToken);
                break;
            case ExecutableResource executable:
                writer.WriteString("type", "executable.v0");
                writer.WriteString("workingDirectory", Relative(executable.WorkingDirectory));
                writer.WriteString("command", executable.Command);
                await WriteExecutionAsync(writer, executable, cancellationToken);
                break;
            case ParameterResource parameter:
                WriteParameter(writer, parameter);
                break;
            case IResourceWithConnectionString:
                writer.WriteString("type", "value.v0");
                WriteConnectionString(writer, resource);
                break;
            default:
                writer.WriteString("error", "This resource does not support generation in the manifest.");
                break;
        }
    }

    private static void WriteParameter(Utf8JsonWriter writer, ParameterResource parameter)
    {
        writer.WriteString("type", "parameter.v0");
        writer.WriteString("value", $"{{{parameter.Name}.inputs.value}}");
        writer.WriteStartObject("inputs");
        writer.WriteStartObject("value");
        writer.WriteString("type", "string");
        if (parameter.Secret)
        {
            writer.WriteBoolean("secret", true);
        }

        if (parameter.Default is { } otherwise)
        {
            writer.WriteStartObject("default");
            otherwise.WriteToManifest(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteConnectionString(Utf8JsonWriter writer, IResource resource)
    {
        if (resource is IResourceWithConnectionString reachable)
        {
            _uriParameters.UnionWith(reachable.GetConnectionProperties().SelectMany(property => property.Value.UriParameters));
            writer.WriteString("connectionString", reachable.ConnectionStringExpression.ValueExpression);
        }
    }

    /// <summary>Arguments, mounts, environment and ports: in this order, as far as there are any.</summary>
    private async Task WriteExecutionAsync(Utf8JsonWriter writer, IResource resource, CancellationToken cancellationToken)
    {
        var configuration = await ExecutionConfigurationBuilder.Create(resource)
            .WithArgumentsConfig().WithEnvironmentVariablesConfig().BuildAsync(context, cancellationToken: cancellationToken);
        var arguments = configuration.Arguments.ToList();
        if (arguments.Count > 0)
        {
            writer.WriteStartArray("args");
            arguments.ForEach(argument => writer.WriteStringValue(argument.Value));
            writer.WriteEndArray();
        }

        WriteMounts(writer, resource, ContainerMountType.BindMount, "bindMounts");
        WriteMounts(writer, resource, ContainerMountType.Volume, "volumes");
        var environment = configuration.EnvironmentVariables.ToList();
        if (environment.Count > 0)
        {
            writer.WriteStartObject("env");
            environment.ForEach(one => writer.WriteString(one.Key, one.Value));
            writer.WriteEndObject();
        }

        WriteBindings(writer, resource);
    }

    private void WriteMounts(Utf8JsonWriter writer, IResource resource, ContainerMountType type, string name)
    {
        var mounts = resource.Annotations.OfType<ContainerMountAnnotation>().Where(mount => mount.Type == type).ToList();
        if (mounts.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (var mount in mounts)
        {
            writer.WriteStartObject();
            if (mount.Source is not null)
            {
                writer.WriteString(type is ContainerMountType.Volume ? "name" : "source", type is ContainerMountType.Volume ? mount.Source : Relative(mount.Source));
            }

            writer.WriteString("target", mount.Target);
            writer.WriteBoolean("readOnly", mount.IsReadOnly);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteBindings(Utf8JsonWriter writer, IResource resource)
    {
        var endpoints = resource.Annotations.OfType<EndpointAnnotation>().ToList();
        if (endpoints.Count == 0)
        {
            return;
        }

        writer.WriteStartObject("bindings");
        foreach (var endpoint in endpoints)
        {
            writer.WriteStartObject(endpoint.Name);
            writer.WriteString("scheme", endpoint.UriScheme);
            writer.WriteString("protocol", endpoint.Protocol.ToString().ToLowerInvariant());
            writer.WriteString("transport", endpoint.Transport);
            if (endpoint.Port is { } port && port != endpoint.TargetPort)
            {
                writer.WriteNumber("port", port);
            }

            if (endpoint.TargetPort is { } targetPort)
            {
                writer.WriteNumber("targetPort", targetPort);
            }

            if (endpoint.IsExternal)
            {
                writer.WriteBoolean("external", true);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private string Relative(string path) => Path.GetRelativePath(folder, path).Replace('\\', '/');
}
