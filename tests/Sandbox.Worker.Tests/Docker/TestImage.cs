using Sandbox.Deployments.Docker;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>An image of one test's own, gone with it.</summary>
internal sealed class TestImage : IAsyncDisposable
{
    private readonly string _tag;

    private TestImage(string tag) => _tag = tag;

    public static async Task<TestImage> WithAsync(string tag, string dockerfile, CancellationToken cancellationToken)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("Dockerfile"), dockerfile, cancellationToken);
        var error = await ImageBuilder.BuildAsync("", folder.Path, tag, new Progress<string>(), cancellationToken);
        return error is null ? new TestImage(tag) : throw new InvalidOperationException(error.Text);
    }

    public async ValueTask DisposeAsync()
    {
        // Containers first: an image that one of them uses only loses its name.
        var filters = Uri.EscapeDataString($$"""{"ancestor":["{{_tag}}"]}""");
        var users = await DockerEngine.GetAsync($"containers/json?all=1&filters={filters}", CancellationToken.None);
        foreach (var user in users!.AsArray())
        {
            await DockerEngine.RemoveContainerAsync((string)user!["Id"]!, CancellationToken.None);
        }

        await DockerEngine.DeleteAsync($"images/{_tag}?force=1", CancellationToken.None);
    }
}
