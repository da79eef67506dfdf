using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Building;

/// <summary>A clone in small: the scripts of this repository around a command line that greets, so that they build in seconds.</summary>
public sealed class SourceTree : IDisposable
{
    /// <summary>Set for all that runs in the tree, so that what is left of it can be found.</summary>
    private const string Mark = "SANDBOX_TEST_TREE";

    private static readonly string[] Scripts =
    [
        "sandbox", "build/cli.sh", "build/agent.sh", "build/compiler.sh", "build/fingerprint.sh", "build/ready-to-run.sh",
        "build/ready-to-run/ReadyToRun.csproj",
    ];

    private readonly TempFolder _temp = new();

    public SourceTree()
    {
        foreach (var script in Scripts)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(script))!);
            File.Copy(Path.Combine(Repository, script), PathOf(script));
        }

        Write("Directory.Build.props", """
            <Project><PropertyGroup>
              <TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
              <UseArtifactsOutput>true</UseArtifactsOutput><ArtifactsPath>$(MSBuildThisFileDirectory)artifacts</ArtifactsPath>
            </PropertyGroup></Project>
            """);
        Write("Directory.Packages.props", "<Project />");
        Write("global.json", "{}");
        Write("README.md", "A clone in small.");
        const string part = """<ProjectReference Include="../Sandbox.Part/Sandbox.Part.csproj" />""";
        Write("Sandbox.Cli/Sandbox.Cli.csproj", Project("Exe", items: part));
        Greet("hi");
        Write("Sandbox.Part/Sandbox.Part.csproj", Project("Library"));
        Write("Sandbox.Part/Part.cs", "public static class Part { public static void Say(string text) => Console.WriteLine(text); }");
        Write("Sandbox.Part/Extra.cs", "");
        Write("Sandbox.Agent/Sandbox.Agent.csproj", Project("Exe", "<AssemblyName>sandbox-agent</AssemblyName>"));
        Write("Sandbox.Agent/Program.cs", "Console.WriteLine(0);");
        Write("Sandbox.Other/Sandbox.Other.csproj", Project("Library"));
        Write("Sandbox.Other/Other.cs", "");
    }

    public static string Repository { get; } = FindRepository();

    /// <summary>The PATH of this process.</summary>
    public static string Programs { get; } = new ProcessStartInfo().Environment["PATH"]!;

    public string Root => _temp.File("clone");

    public string PathOf(string name) => Path.Combine(Root, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    public void Greet(string word) => Write("Sandbox.Cli/Program.cs", $"Part.Say(\"{word}\");");

    /// <summary>A folder with all programs of this machine but some, for a PATH.</summary>
    public string ProgramsWithout(params string[] missing)
    {
        var folder = Directory.CreateDirectory(_temp.File($"programs{missing.Length}")).FullName;
        foreach (var program in Programs.Split(':').Where(Directory.Exists).SelectMany(Directory.EnumerateFiles))
        {
            var link = Path.Combine(folder, Path.GetFileName(program));
            if (!missing.Contains(Path.GetFileName(program)) && !Path.Exists(link))
            {
                File.CreateSymbolicLink(link, program);
            }
        }

        return folder;
    }

    public RunningCli Start(string path, params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Root,
        };
        start.Environment["PATH"] = path;
        start.Environment[Mark] = Root;
        return new RunningCli(Process.Start(start)!);
    }

    public async Task<CliResult> RunAsync(string path, params string[] command)
    {
        using var running = Start(path, command);
        running.CloseInput();
        return await running.EndAsync();
    }

    /// <summary>Processes that began in this tree and still run, as their command lines.</summary>
    public IReadOnlyList<string> Processes() => [.. OurProcesses().Select(process => Read(Path.Combine(process, "cmdline")))];

    public void Dispose()
    {
        // A build in the background may still write there.
        foreach (var process in OurProcesses())
        {
            using var kill = Process.Start("kill", ["-9", Path.GetFileName(process)]);
            kill.WaitForExit();
        }

        _temp.Dispose();
    }

    private static string Project(string type, string properties = "", string items = "") => $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup><OutputType>{type}</OutputType>{properties}</PropertyGroup>
          <ItemGroup>{items}</ItemGroup>
        </Project>
        """;

    private IEnumerable<string> OurProcesses() =>
        Directory.EnumerateDirectories("/proc")
            .Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]))
            .Where(process => Read(Path.Combine(process, "environ")).Contains($"{Mark}={Root}\n", StringComparison.Ordinal));

    /// <summary>Empty for a process that ended meanwhile or that is not ours to read.</summary>
    private static string Read(string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(file)).Replace('\0', '\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string FindRepository([CallerFilePath] string here = "")
    {
        var folder = Path.GetDirectoryName(here);
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"no Sandbox.Aspire.sln above {here}");
    }
}
