using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker;
using Aspire.Hosting.Docker.Resources.ComposeNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes;

namespace Aspire.Hosting.Publishing;

/// <summary>
/// The floor plan as a compose file, and beside it the values that whoever runs it fills in: images of projects, their ports and
/// the parameters, as <c>${API_IMAGE}</c>, <c>${API_PORT}</c> and <c>${CLUSTER_SECRET}</c>.
/// </summary>
internal sealed partial class ComposeWriter(DistributedApplicationModel model, DistributedApplicationExecutionContext context, string folder)
{
    public const string FileName = "docker-compose.yaml";

    private const int ProjectPort = 8080;

    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var services = new List<Service>();
        foreach (var resource in model.Resources.Where(resource => resource is ProjectResource or ContainerResource && !resource.Annotations.OfType<ManifestPublishingCallbackAnnotation>().Any()))
        {
            services.Add(await MakeAsync(resource, cancellationToken));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, FileName), ComposeText.Of(services), cancellationToken);
        await File.WriteAllLinesAsync(Path.Combine(folder, ".env"), _values.Select(one => $"{one.Key}={one.Value}"), cancellationToken);
    }

    private async Task<Service> MakeAsync(IResource resource, CancellationToken cancellationToken)
    {
        var service = new Service { Name = resource.Name, Image = ImageOf(resource), Restart = null };
        if (resource is ContainerResource { Entrypoint: { } entrypoint })
        {
            service.Entrypoint.Add(entrypoint);
        }

        var configuration = await ExecutionConfigurationBuilder.Create(resource)
            .WithArgumentsConfig().WithEnvironmentVariablesConfig().BuildAsync(context, cancellationToken: cancellationToken);
        // What a shell in the container is to expand is not compose's.
        service.Command.AddRange(configuration.Arguments.Select(argument => Resolve(argument.Value.Replace("$", "$$", StringComparison.Ordinal))));
        foreach (var (name, value) in configuration.EnvironmentVariables)
        {
            service.Environment[name] = Resolve(value);
        }

        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            var port = PortOf(resource, endpoint);
            if (endpoint.IsExternal)
            {
                service.Ports.Add(endpoint.Port is { } published ? $"{published}:{port}" : port);
            }
            else
            {
                service.Expose.Add(port);
            }
        }

        foreach (var mount in resource.Annotations.OfType<ContainerMountAnnotation>())
        {
            service.AddVolume(VolumeOf(resource, mount, service.Volumes.Count(volume => volume.Type is "bind")));
        }

        foreach (var wait in resource.Annotations.OfType<WaitAnnotation>().Where(wait => wait.Resource is ProjectResource or ContainerResource))
        {
            service.DependsOn[wait.Resource.Name] = new ServiceDependency { Condition = wait.WaitType is WaitType.WaitForCompletion ? "service_completed_successfully" : "service_started" };
        }

        foreach (var customization in resource.Annotations.OfType<ComposeServiceAnnotation>())
        {
            customization.Configure(new DockerComposeServiceResource(resource.Name), service);
        }

        return service;
    }

    /// <param name="binds">How many folders of the machine it mounts before this one.</param>
    private Volume VolumeOf(IResource resource, ContainerMountAnnotation mount, int binds)
    {
        var isVolume = mount.Type is ContainerMountType.Volume;
        return new Volume
        {
            Name = mount.Source ?? "",
            Type = isVolume ? "volume" : "bind",
            Source = isVolume ? mount.Source : Placeholder($"{Variable(resource.Name)}_BINDMOUNT_{binds}", Path.GetRelativePath(folder, mount.Source!)),
            Target = mount.Target,
            ReadOnly = mount.IsReadOnly,
        };
    }

    private string ImageOf(IResource resource)
    {
        if (resource is ContainerResource)
        {
            return resource.TryGetContainerImageName(out var image) ? image : throw new DistributedApplicationException($"'{resource.Name}' has no image");
        }

        return Placeholder($"{Variable(resource.Name)}_IMAGE", $"{resource.Name}:latest");
    }

    /// <summary>Where it listens inside its container.</summary>
    private string PortOf(IResource resource, EndpointAnnotation endpoint) =>
        endpoint.TargetPort is { } port ? port.ToString(CultureInfo.InvariantCulture)
        : resource is ProjectResource ? Placeholder($"{Variable(resource.Name)}_PORT", ProjectPort.ToString(CultureInfo.InvariantCulture))
        : throw new DistributedApplicationException($"endpoint '{endpoint.Name}' of '{resource.Name}' says no target port");

    /// <summary>The manifest's names as compose knows them; a connection string may hold further names.</summary>
    private string Resolve(string text)
    {
        string before;
        do
        {
            before = text;
            text = Names().Replace(text, match => Resolve(match.Groups[1].Value, match.Groups[2].Value));
        }
        while (text != before);
        return text;
    }

    private string Resolve(string name, string path)
    {
        var resource = model.Resources.FirstOrDefault(one => one.Name == name);
        return (resource, path.Split('.')) switch
        {
            (null, ["value"]) when name.EndsWith("-uri-encoded", StringComparison.Ordinal) => Placeholder(Variable(name[..^"-uri-encoded".Length]), ""),
            (ParameterResource, ["value"]) => Placeholder(Variable(name), ""),
            (IResourceWithConnectionString reachable, ["connectionString"]) => reachable.ConnectionStringExpression.ValueExpression,
            (not null, ["bindings", var endpoint, var part]) => Part(resource, resource.Annotations.OfType<EndpointAnnotation>().Single(one => one.Name == endpoint), part),
            _ => throw new DistributedApplicationException($"'{{{name}.{path}}}' names nothing of the floor plan"),
        };
    }

    private string Part(IResource resource, EndpointAnnotation endpoint, string part) => part switch
    {
        "host" => resource.Name,
        "port" or "targetPort" => PortOf(resource, endpoint),
        "scheme" => endpoint.UriScheme,
        "url" => $"{endpoint.UriScheme}://{resource.Name}:{PortOf(resource, endpoint)}",
        _ => throw new DistributedApplicationException($"an endpoint has no {part}"),
    };

    private string Placeholder(string variable, string value)
    {
        _values.TryAdd(variable, value);
        return $"${{{variable}}}";
    }

    private static string Variable(string name) => name.Replace('-', '_').ToUpperInvariant();

    // Not those of compose itself, which a dollar sign precedes.
    [GeneratedRegex(@"(?<!\$)\{([A-Za-z][A-Za-z0-9-]*)\.([A-Za-z0-9.-]+)\}")]
    private static partial Regex Names();
}

/// <summary>Services as the text of a compose file.</summary>
internal static class ComposeText
{
    public static string Of(IReadOnlyList<Service> services)
    {
        var text = new StringBuilder("services:\n");
        foreach (var service in services)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {service.Name}:\n");
            Scalar(text, "image", service.Image);
            Scalar(text, "user", service.User);
            Scalar(text, "restart", service.Restart);
            List(text, "entrypoint", service.Entrypoint);
            List(text, "command", service.Command);
            Map(text, "environment", service.Environment);
            List(text, "ports", service.Ports);
            List(text, "expose", service.Expose);
            List(text, "group_add", service.GroupAdd);
            Volumes(text, service.Volumes);
            if (service.DependsOn.Count > 0)
            {
                text.Append("    depends_on:\n").AppendJoin("", service.DependsOn.Select(one => $"      {one.Key}:\n        condition: {one.Value.Condition}\n"));
            }

            if (service.Deploy?.Replicas is { } replicas)
            {
                text.Append(CultureInfo.InvariantCulture, $"    deploy:\n      replicas: {replicas}\n");
            }
        }

        var named = services.SelectMany(service => service.Volumes).Where(volume => volume.Type == "volume").Select(volume => volume.Source).Distinct().ToList();
        if (named.Count > 0)
        {
            text.Append("volumes:\n").AppendJoin("", named.Select(name => $"  {name}: {{}}\n"));
        }

        return text.ToString();
    }

    private static void Scalar(StringBuilder text, string name, string? value)
    {
        if (value is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {name}: {Quoted(value)}\n");
        }
    }

    private static void List(StringBuilder text, string name, List<string> values)
    {
        if (values.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {name}:\n").AppendJoin("", values.Select(value => $"      - {Quoted(value)}\n"));
        }
    }

    private static void Map(StringBuilder text, string name, Dictionary<string, string> values)
    {
        if (values.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {name}:\n").AppendJoin("", values.Select(one => $"      {one.Key}: {Quoted(one.Value)}\n"));
        }
    }

    private static void Volumes(StringBuilder text, List<Volume> volumes)
    {
        if (volumes.Count > 0)
        {
            text.Append("    volumes:\n").AppendJoin("", volumes.Select(volume =>
                $"      - type: {volume.Type}\n        source: {Quoted(volume.Source ?? "")}\n        target: {Quoted(volume.Target ?? "")}\n        read_only: {(volume.ReadOnly is true ? "true" : "false")}\n"));
        }
    }

    private static string Quoted(string value) => $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
