using System.Text.Json;

namespace Sandbox.Cli.Tests.Commands;

/// <summary>The maintenance of a standalone server without an engine, by the command line.</summary>
public sealed class MaintenanceTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Maintenance_OfAServer_IsListed_Run_AndThenListedWithItsRun()
    {
        var scratch = _cli.File("scratch");
        Directory.CreateDirectory(scratch);
        await File.WriteAllTextAsync(Path.Combine(scratch, "old"), "x");
        File.SetLastWriteTimeUtc(Path.Combine(scratch, "old"), DateTime.UnixEpoch);
        using var server = await _cli.ServeAsync(
            $"SANDBOX_Maintenance__CleanedFolders__0={scratch}", "SANDBOX_Maintenance__Schedules__file_cleanup=0 3 * * *");

        var before = Rows((await _cli.RunAsync("maintenance", "ls")).Expect(0).Output);
        var run = Rows((await _cli.RunAsync("maintenance", "run", "file_cleanup")).Expect(0).Output);
        var after = JsonDocument.Parse((await _cli.RunAsync("maintenance", "ls", "--json")).Expect(0).Output).RootElement;

        Assert.Equal(["file_cleanup", "sandbox_log_archive"], before.Select(row => row[1]));
        Assert.Equal(("0 3 * * *", ""), (before[0][2], before[0][5]));
        Assert.Equal(
            ("succeeded", "removed 1 files and 0 empty folders of 1 configured folders"), (run[0][1], run[0][2]));
        Assert.Equal("succeeded", after[0].GetProperty("state").GetString());
        Assert.False(File.Exists(Path.Combine(scratch, "old")), "the file is older than seven days");
    }

    [Fact]
    public async Task Maintenance_ThatFails_OrThatNoNodeHas_EndsWithOneAndTheReason()
    {
        using var server = await _cli.ServeAsync();

        var failed = Rows((await _cli.RunAsync("maintenance", "run", "file_cleanup", "--node", "none")).Expect(1).Output);
        var skipped = Rows((await _cli.RunAsync("image", "pull", "busybox")).Expect(1).Output);

        Assert.Equal(["none", "failed", "There is no such node."], failed[0]);
        Assert.Equal(("skipped", "This node has no task image_pull."), (skipped[0][1], skipped[0][2]));
        (await _cli.RunAsync("maintenance", "run", "none")).Expect(2);
    }

    [Fact]
    public async Task Settings_ThatCannotBe_EndTheServerWithALineThatNamesThem()
    {
        using var server = _cli.StartOther(
            ["env", "SANDBOX_Maintenance__CleanedFolders__0=/etc", .. CliProgram.CommandLine("serve", "--port", "0")]);
        server.CloseInput();

        var refused = await server.EndAsync();

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("Maintenance:CleanedFolders: '/etc' is a folder of the whole machine", refused.Error, StringComparison.Ordinal);
    }

    private static List<string[]> Rows(string output) => [.. output.TrimEnd('\n').Split('\n').Select(line => line.Split('\t'))];
}
