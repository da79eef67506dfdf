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

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => WorkerHost.StartAsync(data.Path, null, ("Deployment", "cloud")));

        Assert.Contains("Deployment", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AgentSecretFile", "", "")]
    [InlineData("AgentSecret or", "0123456789abcdef0123456789abcdef", "here")]
    [InlineData("AgentSecret:", "0123456789abcdef0123456789abcde", "")]
    public async Task Start_AgentSecretThatCannotBe_IsRefusedByItsKeyAndNotTold(string named, string secret, string file)
    {
        using var data = new TempFolder();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => WorkerHost.StartAsync(
            data.Path, null, ("AgentListen", "127.0.0.1:0"), ("AgentSecret", secret), ("AgentSecretFile", file)));

        Assert.Contains($"Worker:{named}", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789abcdef", refused.Message, StringComparison.Ordinal);
    }
}
