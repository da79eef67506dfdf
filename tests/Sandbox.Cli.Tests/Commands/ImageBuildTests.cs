using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Commands;

/// <summary><c>sandbox image build</c> with the engine of this machine.</summary>
public sealed class ImageBuildTests : IDisposable
{
    private readonly CliProgram _cli = new();
    private readonly string _tag = $"sandbox-test-verb-{Guid.NewGuid():N}:latest";

    [NeedsDockerFact]
    public async Task Build_OfAFolder_ShowsItsStepsAndMakesTheImage_OrSaysWhyNot()
    {
        await DockerTestImage.EnsureAsync();
        Directory.CreateDirectory(_cli.File("made"));
        await File.WriteAllTextAsync(_cli.File("made/Dockerfile"), $"FROM {DockerTestImage.Name}\nENV MADE=yes\n");

        var built = (await _cli.RunAsync("image", "build", "--tag", _tag, "--json", _cli.File("made"))).Expect(0);

        Assert.Contains("Step 2/2 : ENV MADE=yes", built.Error, StringComparison.Ordinal);
        Assert.Contains(_tag, built.Output, StringComparison.Ordinal);
        Assert.NotNull(await DockerEngine.GetAsync($"images/{_tag}/json", CancellationToken.None));

        await File.WriteAllTextAsync(_cli.File("made/Dockerfile"), $"FROM {DockerTestImage.Name}\nRUN exit 3\n");
        var failed = (await _cli.RunAsync("image", "build", "--tag", $"{_tag}-2", _cli.File("made"))).Expect(1);
        Assert.Contains("Step 2/2 : RUN exit 3", failed.Output, StringComparison.Ordinal);
        Assert.Contains("returned a non-zero code: 3", failed.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _cli.Dispose();
        if (DockerEngine.WhyMissing is null)
        {
            DockerEngine.DeleteAsync($"images/{_tag}?force=1", CancellationToken.None).GetAwaiter().GetResult();
        }
    }
}
