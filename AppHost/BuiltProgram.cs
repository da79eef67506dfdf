namespace AppHost;

/// <summary>How a process of the stack is started.</summary>
internal static class BuiltProgram
{
    /// <summary>Starts what the build of the AppHost made beside it. Aspire would have <c>dotnet run --no-build</c> find that out, which
    /// takes two seconds of CPU time and 70 MB above each process. An IDE that starts the project itself is not told this.</summary>
    public static IResourceBuilder<ProjectResource> WithBuiltProgram(this IResourceBuilder<ProjectResource> process)
    {
        var project = Path.GetFileNameWithoutExtension(process.Resource.GetProjectMetadata().ProjectPath);
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = Path.GetFullPath(Path.Combine("..", "..", project, configuration, $"{project}.dll"), AppContext.BaseDirectory);
        return process.WithLaunchToolArgs(context => context.Args.Add(program), KnownLaunchConfigurationTypes.Project);
    }
}
