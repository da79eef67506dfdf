using System.Xml.Linq;

namespace Sandbox.Cli.Tests.Building;

/// <summary>What makes <c>./sandbox</c> build again. In place of the SDK stands a program that only notes that it was asked.</summary>
public sealed class FingerprintTests : IDisposable
{
    private readonly SourceTree _tree = new();

    [Theory]
    [InlineData("Directory.Local.props")]
    [InlineData("artifacts/bin/Sandbox.Cli/debug/Sandbox.Cli.dll")]
    [InlineData("Sandbox.Part/bin/Debug/Sandbox.Part.dll")]
    [InlineData("Sandbox.Part/obj/project.assets.json")]
    [InlineData("Sandbox.Part/.Part.cs.swp")]
    [InlineData("Sandbox.Part/Sandbox.Part.csproj.user")]
    [InlineData("Sandbox.Part/README.md")]
    [InlineData("Sandbox.Other/Other.cs")]
    [InlineData("tests/Sandbox.Cli.Tests/Some.cs")]
    public async Task Build_AfterAFileThatIsNoSource_IsNotDoneAgain(string file)
    {
        await GivenABuildAsync();

        _tree.Write(file, "what up, a test, a build or an editor wrote");

        Assert.False(await AsksForABuildAsync(), $"the command line was built again because of {file}, which it is not made of");
    }

    [Fact]
    public async Task Build_AfterSourcesWereOnlyTouched_IsNotDoneAgain()
    {
        await GivenABuildAsync();

        File.SetLastWriteTimeUtc(_tree.PathOf("Sandbox.Part/Part.cs"), DateTime.UnixEpoch.AddYears(100));

        Assert.False(await AsksForABuildAsync(), "the command line was built again although every source holds what it was built from");
    }

    [Theory]
    [InlineData("Sandbox.Cli/Program.cs")]
    [InlineData("Sandbox.Part/Part.cs")]
    [InlineData("Sandbox.Part/New.cs")]
    [InlineData("Sandbox.Part/Sandbox.Part.csproj")]
    [InlineData("Sandbox.Agent/Program.cs")]
    [InlineData("Directory.Build.props")]
    [InlineData("Directory.Packages.props")]
    [InlineData("global.json")]
    [InlineData("build/cli.sh")]
    public async Task Build_AfterASourceChanged_IsDoneAgain(string file)
    {
        await GivenABuildAsync();

        _tree.Write(file, (File.Exists(_tree.PathOf(file)) ? await File.ReadAllTextAsync(_tree.PathOf(file)) : "") + "\n\n");

        Assert.True(await AsksForABuildAsync(), $"{file} changed, and the command line of before was used");
    }

    [Fact]
    public async Task Build_AfterASourceWentAway_IsDoneAgain()
    {
        await GivenABuildAsync();

        File.Delete(_tree.PathOf("Sandbox.Part/Extra.cs"));

        Assert.True(await AsksForABuildAsync(), "a source was removed, and the command line of before was used");
    }

    [Fact]
    public async Task Sources_OfThisRepository_AreThoseOfTheReferredProjects()
    {
        var listed = await _tree.RunAsync(SourceTree.Programs, "bash", "-c",
            $". build/fingerprint.sh; project_folders '{SourceTree.Repository}' Sandbox.Cli Sandbox.Agent");

        var expected = Closure("Sandbox.Cli", "Sandbox.Agent").Order(StringComparer.Ordinal);
        Assert.Equal(expected, listed.Expect(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    public void Dispose() => _tree.Dispose();

    private static HashSet<string> Closure(params string[] projects)
    {
        var found = new HashSet<string>();
        var open = new Queue<string>(projects);
        while (open.TryDequeue(out var folder))
        {
            if (!found.Add(folder))
            {
                continue;
            }

            var home = Path.Combine(SourceTree.Repository, folder);
            foreach (var reference in XDocument.Load(Directory.GetFiles(home, "*.csproj").Single()).Descendants("ProjectReference"))
            {
                var project = Path.GetFullPath(reference.Attribute("Include")!.Value, home);
                open.Enqueue(Path.GetRelativePath(SourceTree.Repository, Path.GetDirectoryName(project)!));
            }
        }

        return found;
    }

    /// <summary>As build/cli.sh leaves it, half an hour ago, from sources that are an hour old.</summary>
    private async Task GivenABuildAsync()
    {
        var result = await _tree.RunAsync(SourceTree.Programs, "bash", "-ec", """
            find . -exec touch -d '1 hour ago' {} +
            . build/fingerprint.sh
            mkdir -p artifacts/cli/1.1
            ln -s 1.1 artifacts/cli/bin
            touch artifacts/cli/1.1/.ready-to-run
            touch -d '30 minutes ago' artifacts/cli/begin
            mapfile -t sources < <(source_paths . Sandbox.Cli Sandbox.Agent)
            write_stamp . artifacts/cli/begin "$(sources_hash . "${sources[@]}")" "${sources[@]}"
            """);
        result.Expect(0);
        Assert.False(await AsksForABuildAsync(), "it would be built again at once, so nothing here would show anything");
    }

    private async Task<bool> AsksForABuildAsync()
    {
        _tree.Write("../sdk/dotnet", $"#!/bin/sh\necho \"$@\" >>'{_tree.PathOf("asked")}'\nexit 1\n");
        File.SetUnixFileMode(_tree.PathOf("../sdk/dotnet"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Delete(_tree.PathOf("asked"));
        await _tree.RunAsync($"{_tree.PathOf("../sdk")}:{SourceTree.Programs}", _tree.PathOf("sandbox"), "ls");
        var asked = await File.ReadAllLinesAsync(_tree.PathOf("asked"));
        return asked.Any(line => line.StartsWith("publish ", StringComparison.Ordinal));
    }
}
