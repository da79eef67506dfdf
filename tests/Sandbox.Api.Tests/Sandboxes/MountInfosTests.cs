using System.Text.Json;
using Sandbox.Api.Sandboxes;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Sandboxes;

/// <summary>What is told of a sandbox's mounts, which it says of itself.</summary>
public sealed class MountInfosTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    [Fact]
    public async Task Mounts_OfARunningSandbox_AreArgumentsOfDockerRun()
    {
        var id = await _server.GivenRunningAsync();
        const string Table = """
            100 90 0:50 / / rw - overlay overlay rw
            101 100 0:51 / /proc rw,nosuid - proc proc rw
            102 100 8:1 /var/lib/docker/containers/a/hosts /etc/hosts rw - ext4 /dev/sda1 rw
            103 100 8:1 /opt/agent/linux-x64 /.sandbox/bin ro,relatime master:1 - ext4 /dev/sda1 rw
            104 100 8:1 /srv/data/sockets/a /.sandbox/owner rw - ext4 /dev/sda1 rw
            """;
        _server.Agent.Answer("/rock/read_file", JsonSerializer.Serialize(new { content = Table }));

        Assert.Equal(
            """{"status":"Success","message":null,"error":null,"result":"-v /opt/agent/linux-x64:/.sandbox/bin:ro -v /srv/data/sockets/a:/.sandbox/owner"}""",
            await _server.GetAsync($"/sandboxes/{id}/mount-infos"));
    }

    [Fact]
    public async Task Mounts_ThatCannotBeRead_AreAFailureInTheEnvelope()
    {
        var id = await _server.GivenRunningAsync();
        _server.Agent.Refuse("/rock/read_file", "no such file");

        Assert.Equal(
            """{"status":"Failed","message":"get mount infos failed","error":"no such file","result":{"code":5000,"exit_code":null,"failure_reason":"no such file"}}""",
            await _server.GetAsync($"/sandboxes/{id}/mount-infos"));
    }

    /// <summary>The table is what code in the sandbox says it is.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("1 2 3 4 5 6 -")]
    [InlineData("1 2 8:1 /$(reboot) /a rw - ext4 x rw")]
    [InlineData("1 2 8:1 /a /b;reboot rw - ext4 x rw")]
    [InlineData("1 2 8:1 /a:/etc /b rw - ext4 x rw")]
    [InlineData("1 2 8:1 --privileged /b rw - ext4 x rw")]
    [InlineData("1 2 8:1 /a\\040b /c rw - ext4 x rw")]
    [InlineData("1 2 8:1 /a\t/b /c rw - ext4 x rw")]
    public void Table_OfWhatIsNoPlainMount_IsLeftOut(string table) => Assert.Equal("", MountTable.ToArguments(table));

    [Fact]
    public void Table_WithoutAnEnd_IsCut() => Assert.Equal(
        200, MountTable.ToArguments(string.Concat(Enumerable.Repeat("1 2 8:1 /a /b rw - ext4 x rw\n", 5000))).Split("-v ").Length - 1);
}
