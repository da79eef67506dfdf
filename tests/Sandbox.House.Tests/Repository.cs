using System.Runtime.CompilerServices;

namespace Sandbox.House.Tests;

/// <summary>The source tree that these tests were compiled from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Project files outside tests, by project name.</summary>
    public static IReadOnlyDictionary<string, string> Projects { get; } =
        Directory.EnumerateDirectories(Root)
            .Concat(Directory.EnumerateDirectories(Path.Combine(Root, "libs")))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj"))
            .ToDictionary(file => Path.GetFileNameWithoutExtension(file)!);

    private static readonly string[] Roots = ["AppHost", "ServiceDefaults", "Health.Service", "libs", "tests"];

    /// <summary>All C# files, tests included.</summary>
    public static IEnumerable<string> Sources() => Roots
        .Concat(Directory.EnumerateDirectories(Root, "Sandbox.*").Select(folder => Path.GetFileName(folder)!))
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories));

    private static string FindRoot([CallerFilePath] string here = "")
    {
        var folder = Path.GetDirectoryName(here);
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"No Sandbox.Aspire.sln above {here}.");
    }
}
