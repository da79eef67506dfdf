namespace Sandbox.Cli.Servers;

/// <summary>Where this program's companions lie: in the artifacts folder that it was itself built into, and in the
/// repository around that.</summary>
internal static class Installation
{
    private static readonly string[] ManagedAgents = ["agent-managed/sandbox-agent.dll", "bin/Sandbox.Agent/debug/sandbox-agent.dll"];

    /// <summary>Folder with the native agents; it may be missing.</summary>
    public static string AgentFolder => Artifacts is { } artifacts ? Path.Combine(artifacts, "agent") : "";

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
