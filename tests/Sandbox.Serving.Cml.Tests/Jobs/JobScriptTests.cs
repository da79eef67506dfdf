using System.Diagnostics;
using System.IO.Compression;
using Sandbox.Testing;

namespace Sandbox.Serving.Cml.Tests.Jobs;

/// <summary>The scripts of the jobs, really run on a repository and an environment of this machine.</summary>
public sealed class JobScriptTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Origin => _folder.File("origin.git");

    private string Clone => _folder.File("clone");

    private string Environment => _folder.File("venv");

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Row", "45")]
    public async Task GitSync_OfAChangedClone_MakesItWhatTheBranchIs()
    {
        await GivenCloneAsync();
        await GivenCommitAsync("second");
        await File.WriteAllTextAsync(Path.Combine(Clone, "file"), "changed here");
        await File.WriteAllTextAsync(Path.Combine(Clone, "untracked"), "");
        Directory.CreateDirectory(Path.Combine(Clone, "folder"));
        await File.WriteAllTextAsync(Path.Combine(Clone, "folder", "untracked"), "");

        var (code, output, error) = await RunAsync("git_sync.py", ("PROJECT_FOLDER", Clone));

        Assert.True(code == 0, error);
        Assert.Equal("second", await File.ReadAllTextAsync(Path.Combine(Clone, "file")));
        Assert.Equal([".git", "file"], Directory.EnumerateFileSystemEntries(Clone).Select(Path.GetFileName).Order());
        Assert.Matches("before: branch main, commit [0-9a-f]+, 1 commits\nafter: branch main, commit [0-9a-f]+, 2 commits\n", output);
        Assert.Equal(0, (await RunAsync("git_sync.py", ("PROJECT_FOLDER", Clone))).Code);
    }

    [Fact]
    [Trait("Row", "45")]
    public async Task GitSync_OfAHistoryThatWasRewritten_FollowsIt()
    {
        await GivenCloneAsync();
        await GivenCommitAsync("rewritten", amend: true);

        Assert.Equal(0, (await RunAsync("git_sync.py", ("PROJECT_FOLDER", Clone))).Code);

        Assert.Equal("rewritten", await File.ReadAllTextAsync(Path.Combine(Clone, "file")));
    }

    [Theory]
    [InlineData("", "is no clone of a repository")]
    [InlineData("no-such-branch", "git fetch ended with")]
    [InlineData("--upload-pack=touch /nothing", "there is no branch")]
    public async Task GitSync_ThatCannotBe_EndsWith1AndSaysWhy(string branch, string reason)
    {
        if (branch.Length > 0)
        {
            await GivenCloneAsync();
        }

        var (code, _, error) = await RunAsync("git_sync.py", ("PROJECT_FOLDER", Clone), ("GIT_BRANCH", branch));

        Assert.Equal(1, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    /// <summary>With a package of the test's own, so that nothing is asked of a network.</summary>
    [Fact]
    [Trait("Row", "45")]
    public async Task SetupEnvironment_OfABrokenFolder_RepairsItAndTheNextRunSkipsIt()
    {
        var wheel = GivenWheel();

        // What an attempt that was ended has left.
        Directory.CreateDirectory(Path.Combine(Environment, "bin"));

        var first = await SetUpAsync(wheel);
        var second = await SetUpAsync(wheel);

        Assert.True(first.Code == 0, first.Output + first.Error);
        Assert.Contains("is broken and is made again", first.Output, StringComparison.Ordinal);
        Assert.True(second.Code == 0, second.Output + second.Error);
        Assert.Contains("is there and works: skipped", second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("pip install", second.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "true", 0, "")]
    [InlineData("no_such_module", "true", 1, "no_such_module cannot be imported")]
    [InlineData("", "false", 1, "does not run")]
    public async Task SetupEnvironment_WhoseCheckFails_EndsWith1AndSaysWhy(string imports, string program, int expected, string reason)
    {
        var (code, _, error) = await RunAsync(
            "setup_environment.py", ("VIRTUAL_ENVIRONMENT", Environment), ("ENGINE_IMPORTS", imports), ("ENGINE_PACKAGES", ""),
            ("SANDBOX_PROGRAM", $"/bin/{program}"), ("BUILT_PROJECTS", ""));

        Assert.Equal(expected, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 5", 5)]
    [InlineData("echo \"$@\" > arguments", 0)]
    public async Task LaunchCluster_Run_EndsWithTheExitCodeOfTheProgram(string script, int expected)
    {
        var program = _folder.File("sandbox");
        await File.WriteAllTextAsync(program, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var (code, _, _) = await RunAsync("launch_cluster.py", ("PROJECT_FOLDER", _folder.Path), ("CLUSTER_CONFIG", "c.yaml"));

        Assert.Equal(expected, code);
        if (expected == 0)
        {
            Assert.Equal("serving start-cai --config c.yaml\n", await File.ReadAllTextAsync(_folder.File("arguments")));
        }
    }

    private Task<(int Code, string Output, string Error)> SetUpAsync(string wheel) => RunAsync(
        "setup_environment.py", ("VIRTUAL_ENVIRONMENT", Environment), ("ENGINE_IMPORTS", "engine_of_tests"),
        // The first cannot be installed: the fallback is.
        ("ENGINE_PACKAGES", _folder.File("missing-1.0-py3-none-any.whl")), ("ENGINE_FALLBACK_PACKAGES", wheel),
        ("PIP_ARGUMENTS", "--no-index --quiet --disable-pip-version-check"), ("SANDBOX_PROGRAM", "/bin/true"),
        ("BUILT_PROJECTS", ""));

    private string GivenWheel()
    {
        var path = _folder.File("engine_of_tests-1.0-py3-none-any.whl");
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        Add("engine_of_tests/__init__.py", "");
        Add("engine_of_tests-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: engine-of-tests\nVersion: 1.0\n");
        Add("engine_of_tests-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
        Add("engine_of_tests-1.0.dist-info/RECORD", "engine_of_tests/__init__.py,,\n");
        return path;

        void Add(string name, string text)
        {
            using var writer = new StreamWriter(archive.CreateEntry(name).Open());
            writer.Write(text);
        }
    }

    /// <summary>An origin with one commit, and a clone of it.</summary>
    private async Task GivenCloneAsync()
    {
        await GitAsync("init", "--bare", "--initial-branch=main", Origin);
        await GitAsync("clone", "--quiet", Origin, _folder.File("author"));
        await GitAsync("-C", _folder.File("author"), "checkout", "-B", "main");
        await GivenCommitAsync("first");
        await GitAsync("clone", "--quiet", Origin, Clone);
    }

    private async Task GivenCommitAsync(string content, bool amend = false)
    {
        var author = _folder.File("author");
        await File.WriteAllTextAsync(Path.Combine(author, "file"), content);
        await GitAsync("-C", author, "add", "file");
        string[] commit = ["-C", author, "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "--quiet", "-m", content];
        await GitAsync(amend ? [.. commit, "--amend"] : commit);
        await GitAsync("-C", author, "push", "--quiet", "--force", "origin", "main");
    }

    private static async Task GitAsync(params string[] arguments)
    {
        var (code, output, error) = await RunProcessAsync(new ProcessStartInfo("git", arguments));
        Assert.True(code == 0, $"git {string.Join(' ', arguments)}: {output}{error}");
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(
        string script, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("python3", [Path.Combine(AppContext.BaseDirectory, "cml", script)]);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return RunProcessAsync(start);
    }

    private static async Task<(int Code, string Output, string Error)> RunProcessAsync(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
