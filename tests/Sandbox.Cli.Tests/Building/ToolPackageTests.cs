using System.IO.Compression;

namespace Sandbox.Cli.Tests.Building;

/// <summary>The command line as a .NET tool: packed, installed from the folder, used on a machine with no compiler.</summary>
public sealed class ToolPackageTests : IDisposable
{
    private const string Command = "echo hi; exit 7";

    private static readonly string Agents = Path.Combine(SourceTree.Repository, "artifacts", "agent");

    private readonly SourceTree _tree = new();

    [Fact]
    public async Task Tool_InstalledFromAFolder_RunsACommandWithoutBuildingAnything()
    {
        Assert.SkipUnless(AgentsBuilt().Any(), "the native agent is not built (build/agent.sh)");
        var path = SourceTree.Programs;
        var (packages, tools) = (_tree.PathOf("packages"), _tree.PathOf("tools"));
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

        (await _tree.RunAsync(path, "dotnet", "pack", Path.Combine(SourceTree.Repository, "Sandbox.Cli"), "--no-build", "-c", configuration,
            "-o", packages, $"-p:PublishDir={_tree.PathOf("published")}/", "-nologo", "-v", "quiet")).Expect(0);

        var package = Assert.Single(Directory.GetFiles(packages, "*.nupkg"));
        Assert.Equal(AgentsBuilt(), AgentsIn(package));

        // No other source is asked, so nothing here needs a network.
        _tree.Write("nuget.config", "<configuration><packageSources><clear /></packageSources></configuration>");
        (await _tree.RunAsync(path, "dotnet", "tool", "install", "Sandbox.Aspire.Cli", "--tool-path", tools, "--add-source", packages,
            "--configfile", _tree.PathOf("nuget.config"))).Expect(0);

        var runtime = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        var result = await _tree.RunAsync(
            _tree.ProgramsWithout("dotnet", "gcc"), "env", $"DOTNET_ROOT={runtime}", $"SANDBOX_DATA={_tree.PathOf("data")}",
            "SANDBOX_DEPLOYMENT=local", Path.Combine(tools, "sandbox"), "run", "--", "sh", "-c", Command);
        Assert.Equal("hi\n", result.Expect(7).Output);
        Assert.All(
            Directory.EnumerateFiles(tools, "sandbox-agent", SearchOption.AllDirectories),
            agent => Assert.True(
                File.GetUnixFileMode(agent).HasFlag(UnixFileMode.OtherExecute | UnixFileMode.OtherRead),
                $"only the owner may run {agent}"));
    }

    public void Dispose() => _tree.Dispose();

    private static IEnumerable<string> AgentsBuilt() =>
        !Directory.Exists(Agents) ? [] : Directory.EnumerateFiles(Agents, "sandbox-agent", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Agents, file))
            .Where(name => name.StartsWith("linux-", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    private static List<string> AgentsIn(string package)
    {
        const string folder = "tools/net10.0/any/agent/";
        using var zip = ZipFile.OpenRead(package);
        return [.. zip.Entries.Where(entry => entry.FullName.StartsWith(folder, StringComparison.Ordinal))
            .Select(entry => entry.FullName[folder.Length..]).Order(StringComparer.Ordinal)];
    }
}
