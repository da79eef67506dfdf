using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Sandbox.Agent.Tests.Running;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Rock;

/// <summary>C12: large texts go through the agent, whose memory is the sandbox's, and not into it.</summary>
public sealed class BulkTests(AgentFixture agent) : IClassFixture<AgentFixture>, IDisposable
{
    private const int Large = 15 * 1024 * 1024;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Bulk_OfEachKind_ArrivesWholeAndStaysOutOfMemory()
    {
        var path = _folder.File("f");
        await PostAsync("create_session", new { session = "bulk" });
        await RunEachAsync(path, 300_000);
        var before = Memory.PeakBytes(agent.Agent.Pid, reset: true);

        await RunEachAsync(path, Large);

        var grown = Memory.PeakBytes(agent.Agent.Pid) - before;
        Assert.True(grown < 24 * 1024 * 1024, $"the agent grew by {grown} bytes over texts of {Large} bytes each");
        Assert.Empty(Directory.GetFileSystemEntries(agent.Agent.Temporary, ".sandbox*"));
    }

    [Fact]
    public async Task WriteFile_WithTheMembersInAnyOrderAndEscapes_WritesWhatTheyMean()
    {
        var path = _folder.File("f");
        var json = $$"""
            {"other": {"content": ["no", {"content": "neither"}]}, "content" : "a\"\\\/\b\f\n\r\té\u00e9\ud834\udd1e𝄞{", "path":"{{path}}"}
            """;

        using var answer = await SendAsync(json);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("a\"\\/\b\f\n\r\téé𝄞𝄞{", await File.ReadAllTextAsync(path));
    }

    [Theory]
    [InlineData("""{"path":"PATH","content":"\ud834"}""")]
    [InlineData("""{"path":"PATH","content":"\udd1e"}""")]
    [InlineData("""{"path":"PATH","content":"\ud834x"}""")]
    [InlineData("""{"path":"PATH","content":"\x"}""")]
    [InlineData("""{"path":"PATH","content":"\u00g0"}""")]
    [InlineData("""{"path":"PATH","content":"open""")]
    [InlineData("""{"path":"PATH","content":null}""")]
    [InlineData("""{"path":"PATH","content":["x"]}""")]
    [InlineData("{\"path\":\"PATH\",\"content\":\"a\nb\"}")]
    public async Task WriteFile_OfABodyThatIsNone_Is422AndWritesNothing(string json)
    {
        using var answer = await SendAsync(json.Replace("PATH", _folder.File("f"), StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task WriteFile_OfBytesThatAreNoUtf8_Is422()
    {
        byte[] json = [.. Encoding.UTF8.GetBytes($$"""{"path":"{{_folder.File("f")}}","content":"a"""), 0xFF, .. "\"}"u8];
        using var content = new ByteArrayContent(json);

        using var answer = await agent.Http.PostAsync("/rock/write_file", content);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("latin-1")]
    public async Task ReadFile_LargeInAnEncoding_IsTheSameText(string encoding)
    {
        var text = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"é{i} "));
        var codec = encoding == "utf-16" ? Encoding.Unicode : encoding == "latin-1" ? Encoding.Latin1 : Encoding.UTF8;
        var mark = encoding == "utf-16" ? codec.GetPreamble() : [];
        await File.WriteAllBytesAsync(_folder.File("f"), [.. mark, .. codec.GetBytes(text)]);

        Assert.Equal(text, (string?)(await PostAsync("read_file", new { path = _folder.File("f"), encoding }))["content"]);
    }

    [Fact]
    public async Task ReadFile_LargeThatCannotBeDecoded_FailsWithThePlace()
    {
        var bytes = new byte[200_000];
        bytes.AsSpan().Fill((byte)'a');
        bytes[150_001] = 0xFF;
        await File.WriteAllBytesAsync(_folder.File("f"), bytes);

        using var answer = await agent.Http.PostAsJsonAsync("/rock/read_file", new { path = _folder.File("f") });

        Assert.Contains("byte 0xff in position 150001", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    // What is trimmed and stripped of a small output is so of a large one.
    [Fact]
    public async Task RunInSession_WithALargeOutput_IsCleanedAsASmallOne()
    {
        await PostAsync("create_session", new { session = "clean" });

        var seen = await PostAsync(
            "run_in_session",
            new
            {
                session = "clean",
                command = "printf '  \\033[1m\\n'; i=0; "
                    + "while [ $i -lt 20000 ]; do printf 'x\\033[0;31my\\033]0;title\\007 '; i=$((i+1)); done; printf '\\033[0m\\n \\n'",
            });

        Assert.Equal(string.Concat(Enumerable.Repeat("xy ", 20_000)).TrimEnd(), (string?)seen["output"]);
        Assert.Equal(["session_type", "output", "exit_code", "failure_reason", "expect_string"], seen.AsObject().Select(pair => pair.Key));
    }

    private async Task RunEachAsync(string path, int size)
    {
        var executed = await PostAsync("execute", new { command = $"head -c {size} /dev/zero", shell = true });
        Assert.Equal(size, ((string?)executed["stdout"])!.Length);
        var both = await PostAsync("execute", new { command = $"head -c {size} /dev/zero | tr '\\0' x | tee /dev/stderr", shell = true });
        Assert.Equal((size, size), (((string?)both["stdout"])!.Length, ((string?)both["stderr"])!.Length));

        await PostAsync("write_file", new { path, content = new string('é', size / 2) });
        Assert.Equal(size / 2 * 2, new FileInfo(path).Length);
        Assert.Equal(size / 2, ((string?)(await PostAsync("read_file", new { path }))["content"])!.Length);

        var said = await PostAsync("run_in_session", new { session = "bulk", command = $"head -c {size} /dev/zero | tr '\\0' x" });
        Assert.Equal(size, ((string?)said["output"])!.Length);
    }

    private Task<HttpResponseMessage> SendAsync(string json) =>
        agent.Http.PostAsync("/rock/write_file", new StringContent(json, Encoding.UTF8, "application/json"));

    private async Task<JsonNode> PostAsync(string route, object body)
    {
        using var answer = await agent.Http.PostAsJsonAsync($"/rock/{route}", body);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await JsonNode.ParseAsync(stream))!;
    }
}
