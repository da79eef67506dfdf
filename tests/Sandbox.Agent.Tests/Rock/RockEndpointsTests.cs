using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Sandbox.Agent.Tests.Running;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Rock;

public sealed class RockEndpointsTests(AgentFixture agent) : IClassFixture<AgentFixture>, IDisposable
{
    private static readonly string[] Printing = ["printf", "%s|", "a b", "$X"];

    private static readonly string[] Endless = ["(a+)+$"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task IsAlive_Always_IsTrue() =>
        Assert.Equal("""{"is_alive":true,"message":""}""", await agent.Http.GetStringAsync("/rock/is_alive"));

    [Fact]
    public async Task Statistics_OnAnyMachine_ArePercents()
    {
        _ = await agent.Http.GetStringAsync("/rock/get_statistics");

        var seen = (JsonObject)JsonNode.Parse(await agent.Http.GetStringAsync("/rock/get_statistics"))!;

        Assert.Equal(["cpu", "mem", "disk", "disk_log_percent", "disk_dind_percent", "net"], seen.Select(pair => pair.Key));
        Assert.InRange((double)seen["disk"]!, 0.001, 100);
        Assert.True((double)seen["mem"]! > 0);
    }

    [Fact]
    public async Task Execute_List_RunsTheProgramWithItsArguments()
    {
        var seen = await PostAsync("execute", new { command = Printing, env = new Dictionary<string, string> { ["X"] = "1" } });

        Assert.Equal(("a b|$X|", "", 0), ((string?)seen["stdout"], (string?)seen["stderr"], (int?)seen["exit_code"]));
    }

    [Fact]
    public async Task Execute_ShellText_RunsInAShellWithEnvAndFolder()
    {
        var seen = await PostAsync(
            "execute",
            new
            {
                command = "echo $X; pwd; echo oops >&2; exit 3",
                shell = true,
                env = new Dictionary<string, string> { ["X"] = "1" },
                cwd = _folder.Path
            });

        Assert.Equal(($"1\n{_folder.Path}\n", "oops\n", 3), ((string?)seen["stdout"], (string?)seen["stderr"], (int?)seen["exit_code"]));
    }

    [Fact]
    public async Task Execute_Binary_EscapesWhatIsNoText() =>
        Assert.Equal(
            "\\xff\\x00ok".Replace("\\x00", "\0", StringComparison.Ordinal),
            (string?)(await PostAsync("execute", new { command = "printf '\\377\\000ok'", shell = true }))["stdout"]);

    [Theory]
    [InlineData("no-such-program", null, "no-such-program: command not found")]
    [InlineData("echo several words", null, "echo several words: command not found")]
    [InlineData("true", "/no/such/folder", "cwd '/no/such/folder' does not exist")]
    [InlineData("ec\0ho", null, "A command, an argument, a variable or a path holds a NUL character.")]
    public async Task Execute_WhatCannotStart_FailsWithTheReason(string command, string? cwd, string reason) =>
        Assert.Equal(reason, await FailAsync("execute", new { command, cwd }));

    [Fact]
    public async Task Execute_PastItsTime_IsAnswered504AndKilled()
    {
        using var answer = await agent.Http.PostAsJsonAsync(
            "/rock/execute", new { command = "sleep 1000 & sleep 1000", shell = true, timeout = 0.2 });

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Equal("""{"detail":"Command timeout: it did not finish within 0.2 seconds and was killed."}""", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Execute_PrintingTooMuch_FailsWithTheReason() =>
        Assert.Equal(
            "the command printed more than 16777216 bytes and was killed; redirect its output to a file",
            await FailAsync("execute", new { command = "yes" }));

    [Fact]
    public async Task Execute_Checked_FailsWithTheOutput() =>
        Assert.Equal(
            "step: Command '/bin/sh' failed with exit code 2. Stdout:\na\n\nStderr:\n",
            await FailAsync("execute", new { command = "echo a; exit 2", shell = true, check = true, error_msg = "step" }));

    [Fact]
    public async Task Execute_KilledBySignal_TellsItAsPythonDoes() =>
        Assert.Equal(-9, (int?)(await PostAsync("execute", new { command = "kill -9 $$", shell = true }))["exit_code"]);

    [Theory]
    [InlineData("{\"command\": 5}")]
    [InlineData("{\"command\": \"x\", \"error_msg\": null}")]
    [InlineData("not json")]
    [InlineData("")]
    public async Task Execute_BodyThatIsNone_Is422(string body)
    {
        using var answer = await agent.Http.PostAsync("/rock/execute", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.NotNull(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"]);
    }

    [Fact]
    public async Task Session_OverTheWire_KeepsStateAndCloses()
    {
        Assert.Equal("""{"output":"","session_type":"bash"}""", await RawAsync("create_session", new { session = "s1", session_type = "bash" }));
        Assert.Equal("session 's1' already exists", await FailAsync("create_session", new { session = "s1" }));

        await PostAsync("run_in_session", new { session = "s1", action_type = "bash", command = "cd /tmp; export A=1" });
        Assert.Equal(
            """{"session_type":"bash","output":"/tmp\r\n1","exit_code":0,"failure_reason":"","expect_string":"SHELLPS1PREFIX"}""",
            await RawAsync("run_in_session", new { session = "s1", command = "pwd; echo $A" }));

        Assert.Equal("""{"session_type":"bash"}""", await RawAsync("close_session", new { session = "s1" }));
        Assert.Equal("session 's1' does not exist", await FailAsync("run_in_session", new { session = "s1", command = "true" }));
        Assert.Equal("session 's1' does not exist", await FailAsync("close_session", new { session = "s1" }));
    }

    [Fact]
    public async Task Session_Failures_TravelWithTheirDetails()
    {
        await PostAsync("create_session", new { session = "s2" });

        using var syntax = await agent.Http.PostAsJsonAsync("/rock/run_in_session", new { session = "s2", command = "(" });
        using var late = await agent.Http.PostAsJsonAsync(
            "/rock/run_in_session", new { session = "s2", command = "sleep 100", timeout = 0.2 });
        var failure = JsonNode.Parse(await syntax.Content.ReadAsStringAsync())!["rockletexception"]!;
        await PostAsync("close", new { });

        Assert.Equal(511, (int)syntax.StatusCode);
        Assert.Contains("syntax error", (string?)failure["extra_info"]!["bash_stderr"], StringComparison.Ordinal);
        Assert.Equal(504, (int)late.StatusCode);
        Assert.Equal("session 's2' does not exist", await FailAsync("close_session", new { session = "s2" }));
    }

    [Fact]
    public async Task Session_PatternThatNeverEnds_IsRefused()
    {
        await PostAsync("create_session", new { session = "s3" });
        object action = new { session = "s3", command = "printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'; sleep 100", expect = Endless };

        Assert.Equal("the pattern '(a+)+$' takes too long to match", await FailAsync("run_in_session", action));
    }

    [Fact]
    public async Task Files_WithWindowsLineEnds_ComeBackAsTheyWere()
    {
        var path = _folder.File("new/folder/f.txt");

        Assert.Equal("""{"success":true,"message":""}""", await RawAsync("write_file", new { path, content = "a\r\nä\n" }));

        Assert.Equal("a\r\nä\n", (string?)(await PostAsync("read_file", new { path }))["content"]);
    }

    [Fact]
    public async Task Files_BadPathOrCodec_FailWithTheReason()
    {
        var path = _folder.File("f");
        await File.WriteAllBytesAsync(path, [0x61, 0xff]);

        Assert.Equal("a path must not contain a NUL character", await FailAsync("read_file", new { path = "/a\0b" }));
        Assert.Equal("a path must not contain a NUL character", await FailAsync("write_file", new { path = "/a\0b", content = "" }));
        Assert.Equal("path '/no/such' does not exist", await FailAsync("read_file", new { path = "/no/such" }));
        Assert.Equal("'utf-8' codec can't decode byte 0xff in position 1", await FailAsync("read_file", new { path }));
        Assert.Equal("a\\xff", (string?)(await PostAsync("read_file", new { path, errors = "backslashreplace" }))["content"]);
        Assert.Equal(
            "not enough disk space available for '/dev/full'", await FailAsync("write_file", new { path = "/dev/full", content = "x" }));
    }

    [Fact]
    public async Task ReadFile_LargerThanTheBound_IsRefused()
    {
        var path = _folder.File("large");
        await using (var file = File.Create(path))
        {
            file.SetLength((16 * 1024 * 1024) + 1);
        }

        Assert.Equal($"file '{path}' is larger than 16777216 bytes; download it instead", await FailAsync("read_file", new { path }));
    }

    [Fact]
    public async Task ReadFile_OfTheKernel_IsReadToItsEnd() =>
        Assert.Contains(
            "Name:", (string?)(await PostAsync("read_file", new { path = "/proc/self/status" }))["content"], StringComparison.Ordinal);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_InEitherOrder_IsWrittenAsItIs(bool targetFirst)
    {
        var bytes = new byte[500_000];
        new Random(2).NextBytes(bytes);
        var target = _folder.File("up/loaded.bin");
        using var form = new MultipartFormDataContent();
        if (targetFirst)
        {
            form.Add(new StringContent(target), "target_path");
        }

        form.Add(new ByteArrayContent(bytes), "file", "local name.bin");
        if (!targetFirst)
        {
            form.Add(new StringContent(target), "target_path");
        }

        using var answer = await agent.Http.PostAsync("/rock/upload", form);

        Assert.Equal("""{"success":true,"message":"","file_name":"local name.bin"}""", await answer.Content.ReadAsStringAsync());
        Assert.Equal(bytes, await File.ReadAllBytesAsync(target));
        Assert.Empty(Directory.GetFiles(agent.Agent.Temporary, ".sandbox-upload-*"));
    }

    [Fact]
    public async Task Upload_ToUnzip_UnpacksBelowTheTarget()
    {
        using var answer = await agent.Http.PostAsync("/rock/upload", Zip(("a/b.txt", "content"), ("c.txt", "more")));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("content", await File.ReadAllTextAsync(_folder.File("out/a/b.txt")));
        Assert.Equal("more", await File.ReadAllTextAsync(_folder.File("out/c.txt")));
    }

    [Theory]
    [InlineData("../evil.txt")]
    [InlineData("/evil.txt")]
    [InlineData("a/../../evil.txt")]
    public async Task Upload_ToUnzipOutside_ChangesNothing(string name)
    {
        using var answer = await agent.Http.PostAsync("/rock/upload", Zip(("good.txt", "x"), (name, "x")));

        Assert.Equal(511, (int)answer.StatusCode);
        Assert.False(Directory.Exists(_folder.File("out")));
        Assert.False(File.Exists(_folder.File("evil.txt")));
    }

    [Fact]
    public async Task Upload_WithoutAForm_Is422()
    {
        using var answer = await agent.Http.PostAsJsonAsync("/rock/upload", new { });

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }

    private MultipartFormDataContent Zip(params (string Name, string Content)[] entries)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = new StreamWriter(zip.CreateEntry(name).Open());
                entry.Write(content);
            }
        }

        return new MultipartFormDataContent
        {
            { new ByteArrayContent(bytes.ToArray()), "file", "x.zip" },
            { new StringContent(_folder.File("out")), "target_path" },
            { new StringContent("true"), "unzip" },
        };
    }

    private async Task<string> RawAsync(string route, object body)
    {
        using var answer = await agent.Http.PostAsJsonAsync($"/rock/{route}", body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{(int)answer.StatusCode} {text}");
        return text;
    }

    private async Task<JsonNode> PostAsync(string route, object body) => JsonNode.Parse(await RawAsync(route, body))!;

    private async Task<string?> FailAsync(string route, object body)
    {
        using var answer = await agent.Http.PostAsJsonAsync($"/rock/{route}", body);
        Assert.Equal(511, (int)answer.StatusCode);
        var failure = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["rockletexception"]!.AsObject();
        Assert.Equal(["message", "class_path", "traceback", "extra_info"], failure.Select(pair => pair.Key));
        return (string?)failure["message"];
    }
}
