using Sandbox.Deployments.Local;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Local;

public sealed class LocalFolderTests
{
    [Fact]
    public async Task Remove_ByTwoAtOnce_FailsNeither()
    {
        using var data = new TempFolder();
        for (var round = 0; round < 200; round++)
        {
            var path = data.File("work");
            Directory.CreateDirectory(Path.Combine(path, "home"));
            File.WriteAllText(Path.Combine(path, "home", "file"), "");

            await Task.WhenAll(Task.Run(() => new LocalFolder(path).Remove()), Task.Run(() => new LocalFolder(path).Remove()));

            Assert.False(Directory.Exists(path), "the folder was to be removed");
        }
    }
}
