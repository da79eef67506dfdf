using System.Diagnostics;

namespace Sandbox.Testing;

/// <summary>The small image of the tests, made out of this machine's busybox by <c>build/images/busybox.sh</c>.</summary>
public static class DockerTestImage
{
    public const string Name = "sandbox-test-busybox:latest";

    private static readonly Lazy<Task> Made = new(MakeAsync);

    /// <summary>Completes once the image is there; the first call of a process makes it if need be.</summary>
    public static Task EnsureAsync() => Made.Value;

    private static async Task MakeAsync()
    {
        var start = new ProcessStartInfo(
            "bash", [Path.Combine(RepositoryRoot(), "build", "images", "busybox.sh")])
        { RedirectStandardError = true };
        using var script = Process.Start(start)!;
        var said = await script.StandardError.ReadToEndAsync(CancellationToken.None);
        await script.WaitForExitAsync(CancellationToken.None);
        if (script.ExitCode != 0)
        {
            throw new InvalidOperationException($"The test image could not be made: {said}");
        }
    }

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"No Sandbox.Aspire.sln above {AppContext.BaseDirectory}.");
    }
}
