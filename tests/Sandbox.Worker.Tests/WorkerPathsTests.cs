using Microsoft.Extensions.Options;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests;

public sealed class WorkerPathsTests
{
    [Fact]
    public async Task Start_DataFolderTooLongForSockets_IsRefusedWithTheLimit()
    {
        using var data = new TempFolder();
        var folder = Directory.CreateDirectory(data.File(new string('d', 90))).FullName;

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => WorkerHost.StartAsync(folder));

        Assert.Contains("a Unix socket's path has at most 107", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_UnknownDeployment_IsRefused()
    {
        using var data = new TempFolder();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => WorkerHost.StartAsync(data.Path, null, ("Deployment", "cloud")));

        Assert.Contains("Deployment", refused.Message, StringComparison.Ordinal);
    }
}
