namespace Sandbox.Worker.Tests.Running;

/// <summary>The static agent as the build of the repository leaves it: containers can run no other.</summary>
internal static class NativeAgent
{
    /// <summary>Folder with one folder per platform.</summary>
    public static string Folder { get; } = Find();

    public static void Need()
    {
        if (!File.Exists(Path.Combine(Folder, "linux-x64", "sandbox-agent"))
            && !File.Exists(Path.Combine(Folder, "linux-arm64", "sandbox-agent")))
        {
            Assert.Skip($"needs the native agent: there is none in {Folder} (build/agent.sh makes it)");
        }
    }

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(folder ?? AppContext.BaseDirectory, "artifacts", "agent");
    }
}
