using Sandbox.Deployments.Tools;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>The same with the real programs on a real XFS. A kernel without its quota counts nothing, yet keeps projects.</summary>
public sealed class XfsBudgetTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private string? _whyMissing;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Mount => _folder.File("xfs");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Mount);
        await using (var disk = File.Create(_folder.File("disk")))
        {
            disk.SetLength(400L << 20);
        }

        foreach (var command in (string[][])[["mkfs.xfs", "-q", _folder.File("disk")],
            ["mount", "-t", "xfs", "-o", "loop", _folder.File("disk"), Mount]])
        {
            if (_whyMissing is null && await RunAsync(command) is { Succeeded: false } failed)
            {
                _whyMissing = $"needs xfsprogs and the right to mount: {failed.Failure}";
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_whyMissing is null)
        {
            await RunAsync(["umount", Mount]);
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task Start_OnARealXfs_PutsLogAndVolumesIntoTheProject()
    {
        Assert.SkipWhen(_whyMissing is not null, _whyMissing ?? "");
        await using var quota = new QuotaEngine(Mount, new HostTools());
        var volume = Path.Combine(quota.DataFolder, "volumes", "v", "_data");
        quota.Volumes.Add(volume);
        Directory.CreateDirectory(quota.Changes);
        Directory.CreateDirectory(volume);
        await File.WriteAllTextAsync(Path.Combine(volume, "from-the-image"), "", Token);
        await RunAsync(["xfs_io", "-c", "chproj 4711", quota.Changes]);

        var started = await quota.StartAsync(1L << 30, Token);

        Assert.Empty(quota.Told);
        Assert.Equal(1L << 30, started.EffectiveLogBytes);
        foreach (var member in (string[])[quota.LogFile, volume, Path.Combine(volume, "from-the-image")])
        {
            Assert.Equal("projid = 4711\n", await ProjectAsync(member));
        }

        Assert.Equal("projid = 0\n", await ProjectAsync(quota.ContainerFolder));
    }

    private static async Task<string> ProjectAsync(string path) =>
        (await new HostTools().AskAsync(TimeProvider.System, "xfs_io", ["-r", "-c", "lsproj", path], Token)).Printed;

    private static Task<ToolOutcome> RunAsync(string[] command) =>
        new HostTools().RunAsync(command[0], command[1..], null, Stream.Null, CancellationToken.None);
}
