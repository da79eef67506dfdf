namespace Sandbox.Cli.Servers;

/// <summary>Where this program's companions lie: beside it when it was installed as a .NET tool, else in the artifacts folder that
/// it was itself built into, and in the repository around that.</summary>
internal static class Installation
{
    private static readonly string[] ManagedAgents = ["agent-managed/sandbox-agent.dll", "bin/Sandbox.Agent/debug/sandbox-agent.dll"];

    /// <summary>Folder with the native agents; it may be missing.</summary>
    public static string AgentFolder =>
        Directory.Exists(PackedAgents) ? Executable(PackedAgents)
        : Artifacts is { } artifacts ? Path.Combine(artifacts, "agent")
        : "";

    /// <summary>The agent as a .NET program; empty when it was not built.</summary>
    public static string ManagedAgent =>
        Artifacts is { } artifacts
            ? ManagedAgents.Select(path => Path.Combine(artifacts, path)).FirstOrDefault(File.Exists) ?? ""
            : "";

    /// <summary>A script of the repository, for example <c>images/base.sh</c>; null when it is not there.</summary>
    public static string? BuildScript(string path) =>
        Artifacts is { } artifacts && Path.Combine(Path.GetDirectoryName(artifacts)!, "build", path) is var script && File.Exists(script)
            ? script
            : null;

    private static string PackedAgents => Path.Combine(AppContext.BaseDirectory, "agent");

    /// <summary>A package does not carry file modes, and in sandboxes whose image names a user it is another user who runs the
    /// agent.</summary>
    /// <exception cref="CliException">The files belong to somebody else.</exception>
    private static string Executable(string folder)
    {
        const UnixFileMode needed = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        foreach (var agent in Directory.EnumerateFiles(folder, "sandbox-agent", SearchOption.AllDirectories))
        {
            var mode = File.GetUnixFileMode(agent);
            if ((mode & needed) == needed)
            {
                continue;
            }

            try
            {
                File.SetUnixFileMode(agent, mode | needed);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new CliException($"not everybody may run the agent, and this user may not change that: chmod 755 {agent}");
            }
        }

        return folder;
    }

    private static string? Artifacts
    {
        get
        {
            var folder = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
            while (folder is not null && Path.GetFileName(folder) != "artifacts")
            {
                folder = Path.GetDirectoryName(folder);
            }

            return folder;
        }
    }
}
