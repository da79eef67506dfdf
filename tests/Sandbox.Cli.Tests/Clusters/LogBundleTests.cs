using Sandbox.Cli.Clusters;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Clusters;

public sealed class LogBundleTests
{
    private const int Files = 50;

    [Fact]
    public async Task Files_OfANodeThatRuns_AreListedWhileItMakesAndRemovesThem()
    {
        using var node = new TempFolder();
        File.WriteAllText(node.File("kept"), "12345");
        using var stop = new CancellationTokenSource();
        var changing = Task.Run(() =>
        {
            for (var number = 0; !stop.IsCancellationRequested; number = (number + 1) % Files)
            {
                File.WriteAllText(node.File($"{number}"), "");
                File.Delete(node.File($"{(number + (Files / 2)) % Files}"));
            }
        });

        for (var look = 0; look < 500; look++)
        {
            Assert.Contains("           5 kept", LogBundle.FilesOf(node.Path).Split('\n'));
        }

        await stop.CancelAsync();
        await changing;
    }
}
