using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>A project or a program as the floor plan describes it.</summary>
internal sealed class ModelProgram(IResource resource, DistributedApplicationExecutionContext context, Func<int, EndpointAnnotation, int> portOf) : IProgram
{
    public async Task<Launch> PrepareAsync(int replica, CancellationToken cancellationToken)
    {
        var configuration = await ExecutionConfigurationBuilder.Create(resource)
            .WithEnvironmentVariablesConfig().WithArgumentsConfig().BuildAsync(context, cancellationToken: cancellationToken);
        var environment = configuration.EnvironmentVariables.ToDictionary(one => one.Key, one => InReplica(one.Value, replica));
        var arguments = configuration.Arguments.Select(one => InReplica(one.Value, replica)).ToList();
        if (resource is ExecutableResource executable)
        {
            return new Launch(executable.Command, arguments, executable.WorkingDirectory) { Environment = environment };
        }

        environment["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={Guid.NewGuid():N}";
        var project = resource.Annotations.OfType<IProjectMetadata>().Single();
        return new Launch(Muxer(), [ProgramOf(project), .. arguments], Path.GetDirectoryName(project.ProjectPath)!) { Environment = environment };
    }

    public async Task<bool> IsReadyAsync(int replica, CancellationToken cancellationToken)
    {
        foreach (var probe in resource.Annotations.OfType<HttpProbeAnnotation>())
        {
            var endpoint = resource.Annotations.OfType<EndpointAnnotation>().Single(one => one.Name == probe.Endpoint);
            if (!await HttpProbe.AnswersAsync(portOf(replica, endpoint), probe, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What a value says where a replica's own port belongs; values are the same for all replicas but for this.</summary>
    internal static string PortMark(EndpointAnnotation endpoint) => $"{{{{port of {endpoint.Name}}}}}";

    private string InReplica(string value, int replica)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            value = value.Replace(PortMark(endpoint), $"{portOf(replica, endpoint)}", StringComparison.Ordinal);
        }

        return value;
    }

    private string ProgramOf(IProjectMetadata project)
    {
        var program = (project as global::LocalHosting.IBuiltProject)?.ProgramPath;
        return program is not null && File.Exists(program)
            ? program
            : throw new DistributedApplicationException($"'{resource.Name}' is not built: there is no {program ?? $"program of {project.ProjectPath}"}. Build the AppHost (dotnet build AppHost).");
    }

    /// <summary>The <c>dotnet</c> that this process runs on.</summary>
    private static string Muxer()
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "dotnet"));
        return File.Exists(root) ? root : "dotnet";
    }
}
