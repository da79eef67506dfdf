using Sandbox.Cli.Clusters;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cli.Tests.Clusters;

public sealed class ShownProgramsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Compose follows logs in a child of the program that was started, and nothing tells it that the time is over.</summary>
    [Fact]
    public async Task Show_OfWhatOnlyLooks_EndsWithAllItStartedWhenTheTimeIsOver()
    {
        using var end = new CancellationTokenSource();
        var showing = ShownPrograms.ShowAsync(
            "sh", ["-c",
                $"sleep 1000 & echo $! > {_folder.File("child.new")}; mv {_folder.File("child.new")} {_folder.File("child")}; wait"],
                onlyLooks: true, end.Token);
        await Wait.UntilAsync(() => Task.FromResult(File.Exists(_folder.File("child"))), () => "the child runs");
        var child = (await File.ReadAllTextAsync(_folder.File("child"))).Trim();

        await end.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => showing.WaitAsync(CliProgram.Generous));
        await Wait.UntilAsync(() => Task.FromResult(!IsRunning(child)), () => $"the child {child} ends, too");
    }

    [Fact]
    public async Task Show_OfAProgramThatEnds_IsItsExitCode() =>
        Assert.Equal(7, await ShownPrograms.ShowAsync("sh", ["-c", "exit 7"], onlyLooks: false, TestContext.Current.CancellationToken));

    /// <summary>Whether it runs; one that ended and was not waited for yet still has a folder.</summary>
    private static bool IsRunning(string process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
