using System.Globalization;
using System.Text.RegularExpressions;

namespace Sandbox.House.Tests;

public sealed partial class TreeTests
{
    [Fact]
    public void LoggerMessages_OfOneProcess_HaveUniqueEventIds()
    {
        var doubled = Sources()
            .SelectMany(file => EventId().Matches(File.ReadAllText(file)).Select(match => (Id: match.Groups[1].Value, file)))
            .GroupBy(found => found.Id)
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key} in {string.Join(" and ", group.Select(found => Path.GetFileName(found.file)))}");

        Assert.Empty(doubled);
    }

    [Fact]
    public void Sources_Hold_NoUnfinishedWork()
    {
        var unfinished = Sources()
            .Where(file => Unfinished().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(Repository.Root, file));

        Assert.Empty(unfinished);
    }

    /// <summary>The compiler's server outlives a build by minutes: with the lock in its hands, the next build waits for that
    /// long.</summary>
    [Fact]
    public void Scripts_UnderALock_BuildWithoutIt()
    {
        var scripts = Directory.EnumerateFiles(Path.Combine(Repository.Root, "build"), "*.sh", SearchOption.AllDirectories)
            // What compiler.sh builds, it builds for scripts that have one.
            .Where(file => Path.GetFileName(file) == "compiler.sh" || File.ReadAllText(file).Contains("flock 9", StringComparison.Ordinal))
            .ToList();
        var holding = scripts
            .SelectMany(file => File.ReadAllText(file).Replace("\\\n", "", StringComparison.Ordinal).Split('\n'))
            .Where(line => line.Contains("dotnet publish", StringComparison.Ordinal) && !line.Contains("9>&-", StringComparison.Ordinal));

        Assert.NotEmpty(scripts);
        Assert.Empty(holding);
    }

    /// <summary>How long a comparison takes must not tell how much of a key was right; no test can time that, so the source is
    /// read.</summary>
    [Fact]
    public void Keys_AreCompared_InConstantTimeOnly()
    {
        var auth = Path.Combine(Repository.Root, "Sandbox.Api", "Auth");

        Assert.All(
            ["ConfiguredApiKeys.cs", "ApiKeyCache.cs"],
            file => Assert.Contains(
                "CryptographicOperations.FixedTimeEquals(", File.ReadAllText(Path.Combine(auth, file)), StringComparison.Ordinal));
        Assert.All(
            Directory.EnumerateFiles(auth, "*.cs"),
            file => Assert.DoesNotContain("SequenceEqual", File.ReadAllText(file), StringComparison.Ordinal));
    }

    /// <summary>Left out are the agent, whose one caller is its owner, over a socket of its own or with its token, and the engine, whose
    /// one caller is the gateway, with its key.</summary>
    [Fact]
    public void Programs_ThatServeRoutes_ShowThemAllInAMatrixOfCallers()
    {
        var without = Repository.Projects
            .Where(project => File.ReadAllText(project.Value).Contains("Sdk=\"Microsoft.NET.Sdk.Web\"", StringComparison.Ordinal))
            .Select(project => project.Key)
            .Where(name => name is not ("Sandbox.Agent" or "Sandbox.Serving.Llama"))
            .Where(name =>
                !Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", $"{name}.Tests"), "*.cs", SearchOption.AllDirectories)
                .Any(file => File.ReadAllText(file).Contains("RouteTable.Compare(", StringComparison.Ordinal)));

        Assert.Empty(without);
    }

    [Fact]
    public void Folders_AreNamedAfterTheProblem()
    {
        string[] empty = ["Services", "Helpers", "Common", "Shared", "Utils", "Managers", "Infrastructure"];
        var bad = Sources()
            .Select(file => Path.GetRelativePath(Repository.Root, Path.GetDirectoryName(file)!))
            .Distinct()
            .Where(folder => folder.Split(Path.DirectorySeparatorChar).Intersect(empty).Any());

        Assert.Empty(bad);
    }

    /// <summary>A line of code is read beside another window. What stands in a raw string is another language's.</summary>
    [Fact]
    public void Lines_FitIn140Columns()
    {
        var wide = Repository.Sources()
            .SelectMany(file => WideLines(file).Select(line => $"{Path.GetRelativePath(Repository.Root, file)}:{line}"));

        Assert.Empty(wide);
    }

    /// <summary>Fails on notes, patches and profiles that were left behind.</summary>
    [Fact]
    public void Root_HoldsNothingElse()
    {
        string[] known =
        [
            ".editorconfig", ".gitignore", "ARCHITECTURE.md", "BannedSymbols.txt", "Directory.Build.props", "Directory.Packages.props",
            "LICENSE",
            "README.md", "Sandbox.Aspire.sln", "aspire.config.json", "azure.yaml", "bench", "chaos", "global.json", "sandbox", "test",
            ".git",
        ];

        Assert.Empty(Directory.EnumerateFiles(Repository.Root).Select(Path.GetFileName).Except(known));
    }

    /// <summary>What a reader cannot open is no explanation.</summary>
    [Fact]
    public void Comments_CiteNothingThatIsNotHere()
    {
        var citing = Repository.Sources()
            .Where(file => Path.GetFileName(file) is not "TreeTests.cs")
            .Where(file => Citation().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(Repository.Root, file));

        Assert.Empty(citing);
    }

    [Fact]
    public void Decisions_AreNumberedAsTheirFiles()
    {
        var decisions = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "adr"), "*.md").ToList();

        Assert.NotEmpty(decisions);
        Assert.All(decisions, file => Assert.StartsWith(
            $"# {int.Parse(Path.GetFileName(file)[..4], CultureInfo.InvariantCulture)}. ", File.ReadAllText(file),
            StringComparison.Ordinal));
    }

    private static IEnumerable<int> WideLines(string file)
    {
        var (isRaw, number) = (false, 0);
        foreach (var line in File.ReadLines(file))
        {
            number++;
            var marks = line.Split("\"\"\"").Length - 1;
            if (line.Length > 140 && !isRaw && marks == 0)
            {
                yield return number;
            }

            isRaw ^= marks % 2 == 1;
        }
    }

    private static IEnumerable<string> Sources() =>
        Repository.Projects.Values
            .SelectMany(project => Directory.EnumerateFiles(Path.GetDirectoryName(project)!, "*.cs", SearchOption.AllDirectories));

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(\d+)")]
    private static partial Regex EventId();

    [GeneratedRegex(@"\bDESIGN\b, section|\bcontract, section|\bseed 0\d\d|\bcontracts/\w+\.md|\bcases/\w+\.md")]
    private static partial Regex Citation();

    [GeneratedRegex(@"NotImplementedException|\bTODO\b|\bFIXME\b|\bHACK\b")]
    private static partial Regex Unfinished();
}
