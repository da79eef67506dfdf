using Sandbox.Testing.Clusters;

namespace Sandbox.Cli.Tests.Building;

/// <summary><c>./sandbox</c> in a fresh clone, and the faster form of it that is made in the background.</summary>
public sealed class FirstUseTests : IDisposable
{
    private readonly SourceTree _tree = new();
    private readonly string _path;

    public FirstUseTests() => _path = _tree.ProgramsWithout("gcc");

    [Fact]
    public async Task FirstUse_OfTwoAtOnce_BuildsOnceAndGetsFasterInTheBackground()
    {
        // With the output under another number, too: what the background kept of it, a reader of the output would wait for.
        using var one = _tree.Start(_path, "bash", "-c", "exec ./sandbox 3>&1");
        using var other = _tree.Start(_path, "bash", "-c", "exec ./sandbox 3>&1");
        var first = (await one.EndAsync()).Expect(0);
        var second = (await other.EndAsync()).Expect(0);
        Assert.False(File.Exists(_tree.PathOf("artifacts/cli/bin/.ready-to-run")), "the output ended only with the work in the background");

        var said = first.Error + second.Error;
        Assert.Equal(("hi\n", "hi\n"), (first.Output, second.Output));
        Assert.True(said.Split("first use").Length == 2, $"not exactly one of the two built: {said}");
        Assert.Contains("gcc is not installed", said, StringComparison.Ordinal);
        Assert.True(File.Exists(_tree.PathOf("artifacts/agent-managed/sandbox-agent.dll")), $"there is no agent as a .NET program: {said}");

        await BackgroundAsync();
        Assert.True(Current().EndsWith(".fast", StringComparison.Ordinal), $"the slow {Current()} is still in use; the log: {Log()}");
        Assert.Equal([], _tree.Processes());
        var later = (await _tree.RunAsync(_path, _tree.PathOf("sandbox"))).Expect(0);
        Assert.Equal(("hi\n", ""), (later.Output, later.Error));
    }

    [Fact]
    public async Task Background_ThatFails_LeavesALogAndIsNotTriedAgain()
    {
        BreakBackground();

        Assert.Equal("hi\n", (await _tree.RunAsync(_path, _tree.PathOf("sandbox"))).Expect(0).Output);
        await BackgroundAsync();

        Assert.Contains("no such feed", Log(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(_tree.PathOf("artifacts/ready-to-run.log"), "untouched");
        var later = (await _tree.RunAsync(_path, _tree.PathOf("sandbox"))).Expect(0);
        Assert.Equal(("hi\n", "", "untouched"), (later.Output, later.Error, Log()));
        Assert.Equal([], _tree.Processes());

        _tree.Greet("ho");
        Assert.Equal("ho\n", (await _tree.RunAsync(_path, _tree.PathOf("sandbox"))).Expect(0).Output);
        await BackgroundAsync();
        Assert.Contains("no such feed", Log(), StringComparison.Ordinal);
    }

    /// <summary>Each <c>./sandbox</c> takes the lock for a moment to see whether one is at work; the work then waits, and is not left
    /// undone.</summary>
    [Fact]
    public async Task Background_WhileAnotherLooksWhetherOneIsAtWork_WaitsForIt()
    {
        BreakBackground();
        Directory.CreateDirectory(_tree.PathOf("artifacts/cli/1.1"));
        File.CreateSymbolicLink(_tree.PathOf("artifacts/cli/bin"), "1.1");
        using var look = _tree.Start(_path, "flock", "artifacts/cli/ready-to-run.lock", "sh", "-c", "echo looks; cat");
        await look.SeeAsync("looks");

        using var background = _tree.Start(_path, "bash", "build/ready-to-run.sh", "--detached");
        await Wait.UntilAsync(
            () => Task.FromResult(background.HasEnded || _tree.Processes().Contains("flock\n9\n")), () =>
                "the background waits for the lock, or gives up");
        look.CloseInput();
        await background.EndAsync();

        Assert.True(
            File.Exists(_tree.PathOf("artifacts/cli/bin/.ready-to-run")),
            "the background ended without a try, and nothing else will make one");
    }

    public void Dispose() => _tree.Dispose();

    private void BreakBackground() => _tree.Write("build/ready-to-run/ReadyToRun.csproj", """
        <Project Sdk="Microsoft.NET.Sdk">
          <Target Name="Fail" BeforeTargets="Restore"><Error Text="no such feed" /></Target>
        </Project>
        """);

    private string Current() => new FileInfo(_tree.PathOf("artifacts/cli/bin")).LinkTarget!;

    private string Log() => File.ReadAllText(_tree.PathOf("artifacts/ready-to-run.log"));

    /// <summary>Until the work is done and its lock is free: the loop turns only while it has not yet taken the lock.</summary>
    private async Task BackgroundAsync()
    {
        var done = await _tree.RunAsync(_path, "timeout", $"{CliProgram.Generous.TotalSeconds}", "bash", "-c", """
            cd artifacts/cli
            until [ -e bin/.ready-to-run ]; do flock ready-to-run.lock true; done
            flock ready-to-run.lock true
            """);
        done.Expect(0);
    }
}
