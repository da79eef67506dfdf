using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Conformance;

/// <summary>The journeys of ROCK's TypeScript integration tests and examples, replayed on the wire against a real agent.</summary>
public sealed class RockJourneyTests(RealServer server) : IClassFixture<RealServer>
{
    private readonly RecordedClient _rock = new(server);

    [Fact]
    public async Task Lifecycle_StartAliveStop_EndsNotAlive()
    {
        await _rock.StartAsync();
        Assert.True((await _rock.StatusAsync(all: false)).GetProperty("is_alive").GetBoolean());

        Assert.Equal($"{_rock.Id} stopped", RecordedClient.Result(await _rock.StopAsync()).GetString());

        var after = await _rock.GetAsync($"/get_status?sandbox_id={_rock.Id}&include_all_states=false");
        Assert.Equal("Failed", RecordedClient.Status(after));
        Assert.Equal(4000, after.GetProperty("result").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Restart_OfAStopped_ComesBackWithItsFiles()
    {
        await _rock.StartAsync(",\"auto_delete_seconds\":3600");
        await _rock.CreateSessionAsync("default");
        var folder = (await _rock.OutputAsync("default", "pwd")).Trim();
        Assert.True(await _rock.WriteFileAsync($"{folder}/kept.txt", "kept\r\n"));

        RecordedClient.Result(await _rock.StopAsync());
        Assert.Equal("stopped", (await _rock.StatusAsync(all: true)).GetProperty("state").GetString());
        RecordedClient.Result(await _rock.RestartAsync());
        await _rock.UntilAliveAsync();

        Assert.Equal("kept\r\n", await _rock.ReadFileAsync($"{folder}/kept.txt"));
        RecordedClient.Result(await _rock.StopAsync());
        RecordedClient.Result(await _rock.DeleteAsync());
        Assert.Equal("deleted", (await _rock.StatusAsync(all: true)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Session_OverCommands_KeepsItsState()
    {
        await _rock.StartAsync();
        await _rock.CreateSessionAsync("default");
        await _rock.OutputAsync("default", "cd /tmp; export A=1");

        Assert.Equal("/tmp\r\n1", await _rock.OutputAsync("default", "pwd; echo $A"));
        await _rock.CreateSessionAsync("default");
        Assert.Equal("1", await _rock.OutputAsync("default", "echo $A"));
        var failed = await _rock.RunAsync("default", "false");
        Assert.Equal(
            ("Failed", JsonValueKind.Null, JsonValueKind.Null),
            (RecordedClient.Status(failed), failed.GetProperty("message").ValueKind, failed.GetProperty("result").ValueKind));
        var unknown = await _rock.RunAsync("nobody", "true");
        Assert.Equal("Failed", RecordedClient.Status(unknown));
        await _rock.StopAsync();
    }

    [Fact]
    public async Task UploadDir_OverAnExistingFolder_ReplacesIt()
    {
        await _rock.StartAsync();
        await _rock.CreateSessionAsync("default");
        var home = (await _rock.OutputAsync("default", "pwd")).Trim();
        var target = $"{home}/overwrite_test_dir";
        await _rock.OutputAsync("default", $"mkdir -p {target}");
        await _rock.OutputAsync("default", $"echo \"old content\" > {target}/oldfile.txt");

        await _rock.CreateSessionAsync("bash-1");
        await _rock.OutputAsync("bash-1", "command -v tar >/dev/null 2>&1");
        await _rock.UploadAsync(Tarball("newfile.txt", "New Content"), "rock_upload_1.tar.gz", $"{home}/rock_upload_1.tar.gz");
        var extract = $"rm -rf '{target}' && mkdir -p '{target}' && tar -xzf '{home}/rock_upload_1.tar.gz' -C '{target}'".Replace(
            "'", "'\\''", StringComparison.Ordinal);
        await _rock.NohupAsync("bash-1", $"bash -c '{extract}'", $"{home}/tmp_1.out");
        await _rock.ExecuteAsync($"""["rm","-f","{home}/rock_upload_1.tar.gz"]""");

        await _rock.CreateSessionAsync("bash-2");
        Assert.Equal("New Content", (await _rock.OutputAsync("bash-2", $"cat {target}/newfile.txt")).Trim());
        Assert.Equal(
            "not exists",
            (await _rock.OutputAsync("bash-2", $"test -f {target}/oldfile.txt && echo \"exists\" || echo \"not exists\"")).Trim());
        await _rock.StopAsync();
    }

    [Fact]
    public async Task Download_ThroughExecute_GivesTheBytes()
    {
        await _rock.StartAsync();
        await _rock.CreateSessionAsync("default");
        var file = (await _rock.OutputAsync("default", "pwd")).Trim() + "/binary";
        var bytes = Enumerable.Range(0, 5000).Select(index => (byte)(index * 13)).ToArray();
        await _rock.UploadAsync(bytes, "binary", file);

        Assert.Equal(0, (await _rock.ExecuteAsync($"""["test","-f","{file}"]""")).GetProperty("exit_code").GetInt32());
        Assert.Equal("5000", (await _rock.ExecuteAsync($"""["stat","-c","%s","{file}"]""")).GetProperty("stdout").GetString()!.Trim());
        var encoded = (await _rock.ExecuteAsync($"""["base64","{file}"]""", 120)).GetProperty("stdout").GetString()!;

        Assert.Equal(bytes, Convert.FromBase64String(encoded.ReplaceLineEndings("")));
        await _rock.StopAsync();
    }

    [Fact]
    public async Task Execute_OfWhatCannotRun_IsExitCodeMinusOneWithTheReason()
    {
        await _rock.StartAsync();

        var missing = await _rock.ExecuteAsync("""["no-such-command-here"]""");
        var late = await _rock.ExecuteAsync("""["sleep","30"]""", 1);

        Assert.Equal(-1, missing.GetProperty("exit_code").GetInt32());
        Assert.Contains("no-such-command-here", missing.GetProperty("stderr").GetString(), StringComparison.Ordinal);
        Assert.Equal(-1, late.GetProperty("exit_code").GetInt32());
        Assert.NotEqual("", late.GetProperty("stderr").GetString());
        await _rock.StopAsync();
    }

    [Fact]
    public async Task ReadFile_OfWhatIsMissing_IsEmptyWithTheReasonAsNote()
    {
        await _rock.StartAsync();

        var answer = await _rock.PostAsync("/read_file", $$"""{"path":"/no/such/file","sandbox_id":"{{_rock.Id}}"}""");

        Assert.Equal("", RecordedClient.Result(answer).GetProperty("content").GetString());
        Assert.Contains("/no/such/file", answer.GetProperty("message").GetString(), StringComparison.Ordinal);
        await _rock.StopAsync();
    }

    [Fact]
    public async Task Statistics_OfARunning_AreNumbers()
    {
        await _rock.StartAsync();

        var statistics = RecordedClient.Result(await _rock.GetAsync($"/get_sandbox_statistics?sandbox_id={_rock.Id}"));

        Assert.Equal(
            ["cpu", "mem", "disk", "disk_log_percent", "disk_dind_percent", "net"],
            statistics.EnumerateObject().Select(member => member.Name));
        Assert.All(statistics.EnumerateObject(), member => Assert.Equal(JsonValueKind.Number, member.Value.ValueKind));
        await _rock.StopAsync();
    }

    private static byte[] Tarball(string name, string content)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(zip))
        {
            tar.WriteEntry(
                new UstarTarEntry(
                    TarEntryType.RegularFile, "./" + name)
                { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
        }

        return packed.ToArray();
    }
}
