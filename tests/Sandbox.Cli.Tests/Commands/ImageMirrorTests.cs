using System.Text.Json;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Commands;

/// <summary><c>sandbox image mirror</c> with the engine of this machine, into a registry that asks for a password.</summary>
public sealed class ImageMirrorTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [NeedsDockerFact]
    public async Task Mirror_OfImages_PutsThemWhereStartsLook_AndSaysWhichItCouldNotCopy()
    {
        TestRegistry.Need();
        await DockerTestImage.EnsureAsync();
        await using var registry = await TestRegistry.StartAsync();
        var missing = $"sandbox-test-missing-{Guid.NewGuid():N}:1";
        await File.WriteAllTextAsync(_cli.File("names"), $"# more\n{DockerTestImage.Name}\n\nlocalhost:1/{missing}\n");

        var copied = await RunAsync(
            "right\n", "image", "mirror", "--to", $"{registry.Name}/copies", "--file", _cli.File("names"), "-u", "u", "--password-stdin",
            "--json", DockerTestImage.Name);
        var refused = await RunAsync(
            "wrong\n", "image", "mirror", "--to", registry.Name, "-u", "u", "--password-stdin", DockerTestImage.Name);

        var rows = JsonDocument.Parse(copied.Expect(1).Output).RootElement.EnumerateArray().ToList();
        Assert.Equal(2, rows.Count);
        Assert.True(await registry.HasAsync("copies/sandbox-test-busybox", "latest"), "the copy lies below the mirror's path");
        Assert.False(rows[0].TryGetProperty("error", out _), rows[0].ToString());
        Assert.True(rows[1].GetProperty("error").GetString()?.Length > 0, "what cannot be pulled is not copied, and the reason is told");
        refused.Expect(1);
        Assert.False(await registry.HasAsync("library/sandbox-test-busybox", "latest"), "a wrong password puts nothing there");
        Assert.DoesNotContain("wrong", refused.Output + refused.Error, StringComparison.Ordinal);
        Assert.Null(await DockerEngine.GetAsync($"images/{registry.Name}/copies/sandbox-test-busybox:latest/json", CancellationToken.None));
    }

    [Theory]
    [InlineData("image", "mirror", "--to", "a.example")]
    [InlineData("image", "mirror", "--to", "a.example", "sha256:0123")]
    [InlineData("image", "mirror", "busybox")]
    public async Task Mirror_OfWhatCannotBe_IsAWrongCommandLine(params string[] line) => (await _cli.RunAsync(line)).Expect(2);

    private async Task<CliResult> RunAsync(string input, params string[] line)
    {
        using var running = _cli.Start(line);
        await running.TypeAsync(input);
        running.CloseInput();
        return await running.EndAsync();
    }
}
