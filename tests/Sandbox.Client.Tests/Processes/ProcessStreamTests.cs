using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sandbox.Client.Tests.Servers;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;

namespace Sandbox.Client.Tests.Processes;

public sealed class ProcessStreamTests
{
    private const string Started = """{"event":{"start":{"pid":42}}}""";
    private const string Keepalive = """{"event":{"keepalive":{}}}""";
    private const string Ended = """{"event":{"end":{"exitCode":7,"exited":true,"status":"exit status 7"}}}""";

    private static readonly SandboxId Id = SandboxId.Parse("a");

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task ReadAll_OfAProcess_GivesItsOutputAndItsEnd(int chunk)
    {
        byte[] bytes =
        [
            .. ScriptedServer.Frame(Keepalive), .. ScriptedServer.Frame(Started), .. ScriptedServer.Frame(Data("stdout", "one")),
            .. ScriptedServer.Frame(Keepalive), .. ScriptedServer.Frame(Data("stderr", "two")), .. ScriptedServer.Frame(Ended),
            .. ScriptedServer.End(),
        ];
        await using var server = await ScriptedServer.StartAsync(http => SendAsync(http, bytes, chunk));
        using var client = new SandboxClient(server.Address, null);

        await using var process = await client.Processes(Id)
            .StartAsync(new StartRequest { Process = new ProcessConfig { Cmd = "x" } }, default);
        var events = new List<ProcessEvent>();
        await foreach (var happened in process.ReadAllAsync(default))
        {
            events.Add(happened);
        }

        Assert.Equal(42u, process.Pid);
        Assert.Equal(3, events.Count);
        Assert.Equal("one", Encoding.UTF8.GetString(events[0].Data!.Stdout!));
        Assert.Equal("two", Encoding.UTF8.GetString(events[1].Data!.Stderr!));
        Assert.Equal(new ProcessEnded(7, true, "exit status 7"), events[2].End);
    }

    [Fact]
    public async Task Start_Refused_ThrowsTheCodeOfTheLastMessage()
    {
        await using var server = await ScriptedServer.StartAsync(
            http => SendAsync(http, ScriptedServer.End("""{"error":{"code":"not_found","message":"no such command"}}"""), 100));

        var refused = await ThrowsAsync(server);

        Assert.Equal(("not_found", "no such command"), (refused.Code, refused.Text));
    }

    [Theory]
    [InlineData(502, """{"sandboxId":"a","message":"The sandbox was not found","code":502}""", "not_found", "The sandbox was not found")]
    [InlineData(401, """{"message":"A key is needed","code":401}""", "unauthenticated", "A key is needed")]
    [InlineData(500, "oops", "http_500", "The server answered with HTTP status 500.")]
    public async Task Start_WhereNoSandboxIs_Throws(int status, string body, string code, string text)
    {
        await using var server = await ScriptedServer.AnsweringAsync(body, status);

        var refused = await ThrowsAsync(server);

        Assert.Equal((code, text), (refused.Code, refused.Text));
    }

    [Theory]
    [InlineData(new byte[] { 0, 255, 255, 255, 255 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 2, 123, 125 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 1, 120 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 123, 125 })]
    public async Task Start_WithNonsense_ThrowsBadAnswer(byte[] nonsense)
    {
        await using var server = await ScriptedServer.StartAsync(http => SendAsync(http, nonsense, 100));

        var refused = await ThrowsAsync(server);

        Assert.Equal(SandboxClientException.BadAnswer, refused.Code);
    }

    [Fact]
    public async Task ReadAll_WhenTheStreamBreaks_ThrowsInsteadOfEnding()
    {
        await using var server = await ScriptedServer.StartAsync(http => SendAsync(http, ScriptedServer.Frame(Started), 100));
        using var client = new SandboxClient(server.Address, null);
        await using var process = await client.Processes(Id).StartAsync(new StartRequest(), default);

        var broken = await Assert.ThrowsAsync<SandboxClientException>(async () =>
        {
            await foreach (var _ in process.ReadAllAsync(default))
            {
            }
        });

        Assert.Equal("unavailable", broken.Code);
    }

    [Fact]
    public async Task ReadAll_BySlowReader_HoldsTheServerBack()
    {
        const int piece = 64 * 1024;
        var inBetween = KernelBuffers() * 3 / 4 + 4L * 1024 * 1024; // of which base64 makes a third more, and what client and server hold
        var total = (5 * inBetween / piece + 1) * piece;
        var sent = 0L;
        var frame = ScriptedServer.Frame(JsonSerializer.Serialize(
            new ProcessMessage(new ProcessEvent { Data = new ProcessData { Stdout = new byte[piece] } }), EnvdJson.Default.ProcessMessage));
        await using var server = await ScriptedServer.StartAsync(async http =>
        {
            await http.Response.Body.WriteAsync(ScriptedServer.Frame(Started));
            while (Interlocked.Add(ref sent, piece) < total)
            {
                await http.Response.Body.WriteAsync(frame);
            }

            await http.Response.Body.WriteAsync(ScriptedServer.End());
        });
        using var client = new SandboxClient(server.Address, null);
        await using var process = await client.Processes(Id).StartAsync(new StartRequest(), default);

        var read = 0L;
        await foreach (var happened in process.ReadAllAsync(default))
        {
            read += happened.Data!.Stdout!.Length;
            var ahead = Interlocked.Read(ref sent) - read;
            Assert.True(ahead < inBetween, $"the server was {ahead} bytes ahead of its reader: something buffers without a bound");
        }

        Assert.Equal(total - piece, read);
    }

    [Fact]
    public async Task SendInput_OfMuch_GoesInPieces()
    {
        var pieces = new List<int>();
        var methods = new List<string>();
        await using var server = await ScriptedServer.StartAsync(async http =>
        {
            methods.Add(http.Request.Path);
            if (http.Request.Path == "/process.Process/Start")
            {
                await SendAsync(http, [.. ScriptedServer.Frame(Started), .. ScriptedServer.End()], 1000);
                return;
            }

            using var document = await JsonDocument.ParseAsync(http.Request.Body);
            Assert.Equal(42, document.RootElement.GetProperty("process").GetProperty("pid").GetInt32());
            if (document.RootElement.TryGetProperty("input", out var input))
            {
                pieces.Add(input.GetProperty("pty").GetBytesFromBase64().Length);
            }

            await http.Response.Body.WriteAsync("{}"u8.ToArray());
        });
        using var client = new SandboxClient(server.Address, null);
        await using var process = await client.Processes(Id).StartAsync(new StartRequest { Pty = new Pty(new PtySize(80, 24)) }, default);

        await process.SendInputAsync(new byte[600 * 1024], default);
        await process.SendSignalAsync(ProcessSignal.SIGNAL_SIGTERM, default);
        await process.ResizeAsync(new PtySize(100, 30), default);
        await process.CloseStdinAsync(default);

        Assert.Equal([256 * 1024, 256 * 1024, 88 * 1024], pieces);
        Assert.Equal(
            ["/process.Process/Start", "/process.Process/SendInput", "/process.Process/SendInput", "/process.Process/SendInput",
             "/process.Process/SendSignal", "/process.Process/Update", "/process.Process/CloseStdin"],
            methods);
    }

    /// <summary>So much of one connection may lie in the kernel, at both ends.</summary>
    private static long KernelBuffers()
    {
        return MostOf("tcp_rmem") + MostOf("tcp_wmem");

        static long MostOf(string file) =>
            long.Parse(File.ReadAllText($"/proc/sys/net/ipv4/{file}").Split('\t')[2], CultureInfo.InvariantCulture);
    }

    private static string Data(string stream, string text) =>
        $$$$"""{"event":{"data":{"{{{{stream}}}}":"{{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}}}}"}}}""";

    private static async Task SendAsync(HttpContext http, byte[] bytes, int chunk)
    {
        http.Response.ContentType = "application/connect+json";
        for (var sent = 0; sent < bytes.Length; sent += chunk)
        {
            await http.Response.Body.WriteAsync(bytes.AsMemory(sent, Math.Min(chunk, bytes.Length - sent)));
        }
    }

    private static async Task<SandboxClientException> ThrowsAsync(ScriptedServer server)
    {
        using var client = new SandboxClient(server.Address, null);
        return await Assert.ThrowsAsync<SandboxClientException>(() => client.Processes(Id).StartAsync(new StartRequest(), default));
    }
}
