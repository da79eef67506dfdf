using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sandbox.Agent.Tests.Running;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Envd;

public sealed class FilesTests(AgentFixture agent) : IClassFixture<AgentFixture>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Health_Always_Is204()
    {
        using var answer = await agent.Http.GetAsync("/envd/health");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        using var init = await agent.Http.PostAsync("/envd/init", null);
        Assert.Equal(HttpStatusCode.NotFound, init.StatusCode);
    }

    [Fact]
    public async Task UploadAndDownload_Octets_AreTheSame()
    {
        var bytes = new byte[700_000];
        new Random(3).NextBytes(bytes);
        var path = _folder.File("a b/ü.bin");

        var written = await UploadAsync(path, Octets(bytes));

        Assert.Equal($$"""[{"path":"{{path}}","name":"ü.bin","type":"file"}]""", Plain(written));
        Assert.Equal(bytes, await agent.Http.GetByteArrayAsync(Url(path)));
    }

    [Fact]
    public async Task Download_Empty_HasNoBytes()
    {
        await UploadAsync(_folder.File("empty"), Octets([]));

        Assert.Empty(await agent.Http.GetByteArrayAsync(Url(_folder.File("empty"))));
    }

    [Fact]
    public async Task Upload_Gzip_IsUnpacked()
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes("unpacked"));
        }

        var content = Octets(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        await UploadAsync(_folder.File("f"), content);

        Assert.Equal("unpacked", await File.ReadAllTextAsync(_folder.File("f")));
    }

    [Fact]
    public async Task Upload_BrokenGzip_Is400AndLeavesNothing()
    {
        var content = Octets(Encoding.UTF8.GetBytes("this is not gzip"));
        content.Headers.ContentEncoding.Add("gzip");

        using var answer = await agent.Http.PostAsync(Url(_folder.File("f")), content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Upload_FormOfSeveral_TakesThePathsFromTheParts()
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("1"), "file", _folder.File("x/one") },
            { new StringContent("2"), "file", _folder.File("x/two") },
        };
        using var answer = await agent.Http.PostAsync("/envd/files", form);
        var written = (JsonArray)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

        Assert.Equal(["one", "two"], written.Select(one => (string?)one!["name"]));
        Assert.Equal("2", await File.ReadAllTextAsync(_folder.File("x/two")));
    }

    [Fact]
    public async Task Upload_FormWithPath_GoesToThePath()
    {
        using var form = new MultipartFormDataContent { { new StringContent("1"), "file", "ignored" } };

        await UploadAsync(_folder.File("named"), form);

        Assert.Equal("1", await File.ReadAllTextAsync(_folder.File("named")));
    }

    [Fact]
    public async Task Upload_WithMetadata_IsToldBack()
    {
        var content = Octets([1]);
        content.Headers.Add("X-Metadata-Author", "me");

        Assert.Contains("""
            "metadata":{"author":"me"}
            """, await UploadAsync(_folder.File("f"), content), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bytes=2-4", HttpStatusCode.PartialContent, "234", "bytes 2-4/10")]
    [InlineData("bytes=7-", HttpStatusCode.PartialContent, "789", "bytes 7-9/10")]
    [InlineData("bytes=-2", HttpStatusCode.PartialContent, "89", "bytes 8-9/10")]
    [InlineData("bytes=-20", HttpStatusCode.OK, "0123456789", null)]
    [InlineData("bytes=5-100", HttpStatusCode.PartialContent, "56789", "bytes 5-9/10")]
    [InlineData("bytes=10-", HttpStatusCode.RequestedRangeNotSatisfiable, "", "bytes */10")]
    public async Task Download_Range_IsThatPart(string range, HttpStatusCode status, string content, string? contentRange)
    {
        await File.WriteAllTextAsync(_folder.File("f"), "0123456789");
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(_folder.File("f")));
        request.Headers.Range = RangeHeaderValue.Parse(range);

        using var answer = await agent.Http.SendAsync(request);

        Assert.Equal((status, content), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal(contentRange, answer.Content.Headers.ContentRange?.ToString());
    }

    // C31
    [Theory]
    [InlineData("/envd/health", HttpStatusCode.NoContent, null)]
    [InlineData("file", HttpStatusCode.OK, 10L)]
    [InlineData("empty", HttpStatusCode.OK, 0L)]
    public async Task Head_OfAPlainRoute_AnswersAsGetWithoutABody(string what, HttpStatusCode status, long? length)
    {
        await File.WriteAllTextAsync(_folder.File("file"), "0123456789");
        await File.WriteAllTextAsync(_folder.File("empty"), "");
        using var request = new HttpRequestMessage(HttpMethod.Head, what.StartsWith('/') ? what : Url(_folder.File(what)));

        using var answer = await agent.Http.SendAsync(request);

        Assert.Equal((status, length), (answer.StatusCode, answer.Content.Headers.ContentLength));
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    // C29: our own addition to the protocol.
    [Theory]
    [InlineData("600", 200, UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData("", 200, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead)]
    [InlineData("888", 400, null)]
    [InlineData("7777", 400, null)]
    public async Task Upload_WithAMode_MakesTheFileWithIt(string mode, int status, UnixFileMode? expected)
    {
        using var answer = await agent.Http.PostAsync($"{Url(_folder.File("key"))}&mode={mode}", Octets([1]));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(expected, File.Exists(_folder.File("key")) ? File.GetUnixFileMode(_folder.File("key")) : null);
    }

    // C07: a query and a form can carry bytes that JSON cannot.
    [Fact]
    public async Task Upload_ToANameThatIsNoUtf8_KeepsItsBytes()
    {
        using var answer = await agent.Http.PostAsync($"/envd/files?path={Uri.EscapeDataString(_folder.Path)}/q%FF", Octets([1, 2]));
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent([.. Encoding.UTF8.GetBytes(_folder.File("f")), 0xFF]), "target_path" },
            { new ByteArrayContent([3]), "file", "x" },
        };
        using var uploaded = await agent.Http.PostAsync("/rock/upload", form);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (answer.StatusCode, uploaded.StatusCode));
        Assert.Equal(["f\uEFFF", "q\uEFFF"], Sandbox.Agent.Files.FolderNames.In(_folder.Path).Order(StringComparer.Ordinal));
        Assert.Equal([1, 2], await agent.Http.GetByteArrayAsync(Url(_folder.File("q\uEFFF"))));
        Sandbox.Agent.Files.FileTree.Remove(_folder.File("f\uEFFF"));
        Sandbox.Agent.Files.FileTree.Remove(_folder.File("q\uEFFF"));
    }

    [Theory]
    [InlineData("/no/such/file", 404, "path '/no/such/file' does not exist")]
    [InlineData("/tmp", 400, "path is a directory: /tmp")]
    [InlineData("/a\0b", 400, "a path must not contain a NUL character")]
    public async Task Download_WhatIsNoFile_IsTheExactError(string path, int status, string message)
    {
        using var answer = await agent.Http.GetAsync(Url(path));

        Assert.Equal($$"""{"code":{{status}},"message":"{{message}}"}""", Plain(await answer.Content.ReadAsStringAsync()));
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Upload_WhereNothingFits_Is507()
    {
        using var answer = await agent.Http.PostAsync(Url("/dev/full"), Octets([1]));

        Assert.Equal(507, (int)answer.StatusCode);
        Assert.Equal("""{"code":507,"message":"not enough disk space available for '/dev/full'"}""", Plain(await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Files_AsUserThatIsNot_Is401()
    {
        using var answer = await agent.Http.GetAsync(Url("/etc/passwd") + "&username=no-such-user");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.StartsWith("""{"code":401,"message":""", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_AsAnotherUser_BelongsToThatUser()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "giving files away needs root");
        using var answer = await agent.Http.PostAsync(Url(_folder.File("sub/f")) + "&username=nobody", Octets([1]));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var names = new Sandbox.Agent.Files.OwnerNames();
        Assert.Equal("nobody", Sandbox.Agent.Files.FileEntries.Describe(_folder.File("sub/f"), names).Owner);
        Assert.Equal("nobody", Sandbox.Agent.Files.FileEntries.Describe(_folder.File("sub"), names).Owner);
    }

    [Fact]
    public async Task Upload_OfNeitherKind_Is400()
    {
        using var answer = await agent.Http.PostAsync(Url(_folder.File("f")), new StringContent("{}", Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static string Url(string path) => $"/envd/files?path={Uri.EscapeDataString(path)}";

    private static string Plain(string json) => System.Text.RegularExpressions.Regex.Unescape(json);

    private static ByteArrayContent Octets(byte[] bytes) =>
        new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };

    private async Task<string> UploadAsync(string path, HttpContent content)
    {
        using var answer = await agent.Http.PostAsync(Url(path), content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }
}
