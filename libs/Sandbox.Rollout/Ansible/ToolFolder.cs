namespace Sandbox.Rollout.Ansible;

/// <summary>The folder of what a run needs beside its playbook (deploy/rollout): beside the program where it was installed, else in the
/// repository that the program was built in.</summary>
public static class ToolFolder
{
    /// <summary>Null when it is not there.</summary>
    public static string? Find()
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "rollout");
        if (Directory.Exists(beside))
        {
            return beside;
        }

        var folder = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        while (folder is not null && Path.GetFileName(folder) != "artifacts")
        {
            folder = Path.GetDirectoryName(folder);
        }

        var source = folder is null ? null : Path.Combine(Path.GetDirectoryName(folder)!, "deploy/rollout");
        return Directory.Exists(source) ? source : null;
    }
}
