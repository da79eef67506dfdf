using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Api.Files;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Files;

public sealed class UploadTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private const long Large = 96L * 1024 * 1024;

    private readonly ApiServer _server = shared.Server;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_OfAFile_ReachesTheAgentByteForByte(bool fileLast)
    {
        var id = await _server.GivenRunningAsync();
        var seen = Receive();
        var bytes = Enumerable.Range(0, 100_000).Select(index => (byte)index).ToArray();
        using var file = new ByteArrayContent(bytes);
        using var form = Form(id.ToString(), "/tmp/x y.bin", file, fileLast);

        var answer = await UploadAsync(form);

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":{"success":true,"message":"","file_name":"a.bin"}}""", answer);
        var (path, name, content) = await seen;
        Assert.Equal(("/tmp/x y.bin", "a.bin"), (path, name));
        Assert.Equal(bytes, content);
    }

    [Fact]
    public async Task Upload_OfALargeFile_StreamsThroughWhileItIsSent()
    {
        var id = await _server.GivenRunningAsync();
        var arrived = 0L;
        var first = new TaskCompletionSource();
        _server.Agent.Routes["/rock/upload"] = async http =>
        {
            var buffer = new byte[64 * 1024];
            while (await http.Request.Body.ReadAsync(buffer) is var read and > 0)
            {
                arrived += read;
                first.TrySetResult();
            }

            await http.Response.WriteAsync("""{"success":true,"message":"","file_name":"a.bin"}""");
        };

        // The second half is only sent once the first has reached the agent: nothing in between waits for the whole.
        using var file = new HalvedContent(Large, first.Task);
        using var form = Form(id.ToString(), "/tmp/large", file, fileLast: true);
        var answer = await UploadAsync(form);

        Assert.Contains("\"success\":true", answer, StringComparison.Ordinal);
        Assert.True(arrived > Large, $"{arrived} bytes arrived of {Large} and the form around them");
    }

    [Fact]
    public async Task Upload_ThatTheAgentRefusesMidway_AnswersItsReason()
    {
        var id = await _server.GivenRunningAsync();
        _server.Agent.Routes["/rock/upload"] = async http =>
        {
            await http.Request.Body.ReadExactlyAsync(new byte[1024]);
            http.Response.StatusCode = 511;
            await http.Response.WriteAsync("""{"rockletexception":{"message":"No space left on device","class_path":"","traceback":"","extra_info":{}}}""");
        };
        using var file = new ByteArrayContent(new byte[8 * 1024 * 1024]);
        using var form = Form(id.ToString(), "/tmp/x", file, fileLast: true);

        var answer = await UploadAsync(form);

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":{"success":false,"message":"No space left on device","file_name":""}}""", answer);
    }

    [Fact]
    public async Task Upload_OfALargeFileBeforeItsTexts_IsRefusedBeforeItFillsTheDisk()
    {
        var id = await _server.GivenRunningAsync();
        using var file = new ByteArrayContent(new byte[UploadForm.LongestKept + 1]);
        using var form = Form(id.ToString(), "/tmp/x", file, fileLast: false);

        var answer = await UploadAsync(form);

        Assert.Equal(Invalid("body.file: a file that comes before sandbox_id and target_path must not be larger than 16 MiB"), answer);
    }

    [Fact]
    public async Task Upload_ToTheUnknown_Fails()
    {
        using var file = new ByteArrayContent(new byte[8 * 1024 * 1024]);
        using var form = Form("nobody", "/tmp/x", file, fileLast: true);

        var answer = await UploadAsync(form);

        Assert.Equal("""{"status":"Failed","message":"upload file failed","error":"Sandbox nobody not found.","result":{"success":false,"message":"","file_name":""}}""", answer);
    }

    [Fact]
    public async Task Upload_WithoutItsParts_NamesThem()
    {
        using var form = new MultipartFormDataContent { { new StringContent("x"), "other" } };

        var answer = await UploadAsync(form);

        Assert.Equal(Invalid("body.file: Field required; body.target_path: Field required; body.sandbox_id: Field required"), answer);
    }

    [Fact]
    public async Task Upload_ThatIsNoForm_NamesTheMissingParts()
    {
        var answer = await _server.PostAsync("/upload", "{}");

        Assert.Equal(Invalid("body.file: Field required; body.target_path: Field required; body.sandbox_id: Field required"), answer);
    }

    [Fact]
    public async Task Upload_ToAPathWithNul_IsRefused()
    {
        using var file = new ByteArrayContent([1]);
        using var form = Form("a", "/tmp/\0x", file, fileLast: true);

        var answer = await UploadAsync(form);

        Assert.Equal(Invalid("body.target_path: must not contain a NUL character"), answer);
    }

    [Fact]
    public async Task Upload_OfABrokenForm_IsRefused()
    {
        using var content = new StringContent("--b\r\nContent-Disposition: form-data; name=\"sandbox_id\"\r\n\r\nhalf", Encoding.UTF8);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        using var answer = await _server.Http.PostAsync(ApiServer.Rock + "/upload", content);

        Assert.Equal(Invalid("body: There was an error parsing the body"), await answer.Content.ReadAsStringAsync());
    }

    private static string Invalid(string error) =>
        $$"""{"status":"Failed","message":"invalid parameter","error":"{{error}}","result":null}""";

    private static MultipartFormDataContent Form(string id, string path, HttpContent file, bool fileLast)
    {
        var form = new MultipartFormDataContent();
        if (!fileLast)
        {
            form.Add(file, "file", "a.bin");
        }

        form.Add(new StringContent(path), "target_path");
        form.Add(new StringContent(id), "sandbox_id");
        if (fileLast)
        {
            form.Add(file, "file", "a.bin");
        }

        return form;
    }

    private async Task<string> UploadAsync(HttpContent form)
    {
        using var answer = await _server.Http.PostAsync(ApiServer.Rock + "/upload", form);
        Assert.Equal(200, (int)answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private Task<(string Path, string Name, byte[] Content)> Receive()
    {
        var received = new TaskCompletionSource<(string, string, byte[])>();
        _server.Agent.Routes["/rock/upload"] = async http =>
        {
            var form = await http.Request.ReadFormAsync();
            var file = form.Files["file"]!;
            using var content = new MemoryStream();
            await file.CopyToAsync(content);
            received.SetResult((form["target_path"].ToString(), file.FileName, content.ToArray()));
            await http.Response.WriteAsync($$"""{"success":true,"message":"","file_name":"{{file.FileName}}"}""");
        };
        return received.Task;
    }

    private sealed class HalvedContent(long length, Task between) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            var piece = new byte[1024 * 1024];
            for (var sent = 0L; sent < length; sent += piece.Length)
            {
                if (sent == length / 2)
                {
                    await between.WaitAsync(TimeSpan.FromSeconds(60));
                }

                await stream.WriteAsync(piece);
            }
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return true;
        }
    }
}
