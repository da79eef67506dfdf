using System.Text.RegularExpressions;

namespace Sandbox.House.Tests;

/// <summary>The folders of a project lie in layers, too: what two of them need of each other belongs into one of them, or below
/// both.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Projects() => [.. Repository.Projects.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_OfAProject_UseEachOtherInOneDirectionOnly(string project)
    {
        Assert.Empty(Circles(Uses(project, FilesOf(project))));
    }

    [Theory]
    [InlineData("namespace P.A; class One;", "namespace P.B; using P.A; class Two;", false)]
    [InlineData("using P.B; namespace P.A; class One;", "using P.A; namespace P.B; class Two;", true)]
    [InlineData("namespace P.A; class One(B.Two two);", "using P.A; namespace P.B; class Two;", true)]
    [InlineData("namespace P.A; class One(P.B.Two two);", "using P.A; namespace P.B; class Two;", true)]
    [InlineData("namespace P.A; /* B.Two */ class One { int X => this.B.Two; }", "using P.A; namespace P.B; class Two;", false)]
    public void Circle_IsFound_HoweverTheOtherFolderIsNamed(string one, string other, bool isCircle)
    {
        string[] sources = [one.Replace("; ", ";\n", StringComparison.Ordinal), other.Replace("; ", ";\n", StringComparison.Ordinal)];

        Assert.Equal(isCircle, Circles(Uses("P", sources)).Any());
    }

    private static IEnumerable<string> FilesOf(string project) =>
        Directory.EnumerateFiles(Path.GetDirectoryName(Repository.Projects[project])!, "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText);

    /// <summary>Which folder uses which, and by which of its types. The project's root composes the folders and holds what they share, and
    /// is in no layer.</summary>
    private static Dictionary<string, HashSet<string>> Uses(string project, IEnumerable<string> sources)
    {
        var files = sources
            .Select(source => (Folder: FolderOf(project, SourceText.NamespaceOf(source)), Code: SourceText.CodeOf(source)))
            .Where(file => file.Folder.Length > 0)
            .ToList();
        var types = files.GroupBy(file => file.Folder).ToDictionary(
            folder => folder.Key, folder => folder.SelectMany(file => SourceText.TypesOf(file.Code)).ToHashSet(StringComparer.Ordinal));
        var uses = types.Keys.ToDictionary(folder => folder, _ => new HashSet<string>(StringComparer.Ordinal));
        foreach (var (folder, code) in files)
        {
            uses[folder].UnionWith(SourceText.UsingsOf(code).Select(used => FolderOf(project, used)));
            uses[folder].UnionWith(types.Keys.Where(other => Qualified(other).Matches(code).Any(match => types[other]
                .Contains(match.Groups[1].Value))));
            uses[folder].IntersectWith(types.Keys);
            uses[folder].Remove(folder);
        }

        return uses;
    }

    /// <summary>The first folder below the project; empty for its root and for what is not of it.</summary>
    private static string FolderOf(string project, string name) =>
        name.StartsWith(project + ".", StringComparison.Ordinal) ? name[(project.Length + 1)..].Split('.')[0] : "";

    /// <summary>A type by its folder, with or without what stands before that: <c>Stores.Tenant</c>, <c>Domain.Stores.Tenant</c>. Not a
    /// member of that name.</summary>
    private static Regex Qualified(string folder) => new($@"(?<![\w.])(?:[A-Z]\w*\.)*{folder}\.([A-Z]\w*)");

    private static IEnumerable<string> Circles(Dictionary<string, HashSet<string>> uses) =>
        from folder in uses.Keys
        from used in uses[folder]
        where Reaches(uses, used, folder, [])
        orderby folder, used
        select $"{folder} uses {used}, which leads back to it";

    private static bool Reaches(Dictionary<string, HashSet<string>> uses, string from, string to, HashSet<string> seen) =>
        from == to || (seen.Add(from) && uses[from].Any(next => Reaches(uses, next, to, seen)));
}
