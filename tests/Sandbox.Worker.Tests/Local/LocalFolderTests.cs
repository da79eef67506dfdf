using Sandbox.Deployments.Local;
using Sandbox.Deployments.Tools;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Local;

public sealed class LocalFolderTests
{
    [Fact]
    public async Task Remove_ByTwoAtOnce_FailsNeither()
    {
        using var data = new TempFolder();
        for (var round = 0; round < 20; round++)
        {
            var path = data.File("work");
            Directory.CreateDirectory(Path.Combine(path, "home"));
            File.WriteAllText(Path.Combine(path, "home", "file"), "");

            await Task.WhenAll(
                new LocalFolder(path).RemoveAsync(CancellationToken.None), new LocalFolder(path).RemoveAsync(CancellationToken.None));

            Assert.False(Directory.Exists(path), "the folder was to be removed");
        }
    }

    // C22: what a sandbox can make and .NET cannot remove.
    [Theory]
    [InlineData("touch $'x\\xff'; mkdir $'d\\xfe'; touch $'d\\xfe/in'")]
    [InlineData("exec python3 -c 'import os\nfor i in range(200): os.mkdir(b\"d\" * 50); os.mkdir(\"o\"); os.chdir(b\"d\" * 50)'")]
    [InlineData("mkdir -p locked/in; touch locked/in/f; chmod 0 locked/in locked")]
    public async Task Remove_OfWhatASandboxLeft_LeavesNothing(string script)
    {
        using var data = new TempFolder();
        var home = Directory.CreateDirectory(Path.Combine(data.File("work"), "home")).FullName;
        var made = await new HostTools().RunAsync(
            "bash", ["-c", $"cd {home}; {script}"], null, Stream.Null, TestContext.Current.CancellationToken);
        Assert.True(made.Succeeded, made.Complaint);

        await new LocalFolder(data.File("work")).RemoveAsync(TestContext.Current.CancellationToken);

        Assert.False(Directory.Exists(data.File("work")), "the folder was to be removed with all that was in it");
    }
}
