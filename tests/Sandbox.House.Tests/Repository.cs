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
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj"))
            .ToDictionary(file => Path.GetFileNameWithoutExtension(file)!);

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
