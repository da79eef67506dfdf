using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Commands;

public sealed class DockerArchiveTests : IDisposable
{
    private readonly CliProgram _cli = new("docker");
    private readonly string _name = $"cli-{Guid.NewGuid():N}";

    public void Dispose() => _cli.Dispose();

    [NeedsDockerFact]
    public async Task Archive_ThenRestore_KeepsTheFiles()
    {
        Directory.CreateDirectory(_cli.File("archive"));
        using var server = await _cli.ServeAsync("SANDBOX_Archive__Store=folder", $"SANDBOX_Archive__Folder={_cli.File("archive")}");
        await KeepAsync();
        (await _cli.RunAsync("stop", _name)).Expect(0);

        Assert.Equal($"archived {_name}\n", (await _cli.RunAsync("archive", _name)).Expect(0).Output);
        Assert.Equal("archived\n", (await _cli.RunAsync("wait", _name)).Expect(0).Output);
        Assert.Equal($"restored {_name}\n", (await _cli.RunAsync("restore", _name)).Expect(0).Output);

        Assert.Equal("kept\n", (await _cli.RunAsync("exec", _name, "--", "cat", "/here")).Expect(0).Output);
        (await _cli.RunAsync("rm", "--force", _name)).Expect(0);
    }

    [NeedsDockerFact]
    public async Task Commit_OfASandbox_MakesAnImageThatHasItsFiles()
    {
        using var server = await _cli.ServeAsync();
        await KeepAsync();
        var image = $"{_name}:made";
        try
        {
            Assert.Equal($"committed {image}\n", (await _cli.RunAsync("commit", _name, image)).Expect(0).Output);
            (await _cli.RunAsync("rm", "--force", _name)).Expect(0);

            var run = await _cli.RunAsync("run", "--image", image, "--pull", "never", "--memory", "256m", "--", "cat", "/here");

            Assert.Equal("kept\n", run.Expect(0).Output);
        }
        finally
        {
            // By its id, with the name under which the node keeps it.
            using var remove = _cli.StartOther(["sh", "-c", $"docker images --quiet {image} | xargs -r docker rmi --force"]);
            await remove.EndAsync();
        }
    }

    private async Task KeepAsync()
    {
        await DockerTestImage.EnsureAsync();
        (await _cli.RunAsync(
            "run", "--keep", "--image", DockerTestImage.Name, "--name", _name, "--pull", "never", "--memory", "256m", "--", "sh", "-c",
            "echo kept > /here")).Expect(0);
    }
}
