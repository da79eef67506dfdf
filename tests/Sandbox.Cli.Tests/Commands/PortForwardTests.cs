using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Sandbox.Cli.Tests.Commands;

public sealed partial class PortForwardTests : IDisposable
{
    private const string Upper =
        """
        import socket
        server = socket.create_server(('127.0.0.1', 0))
        print('port', server.getsockname()[1], 'listens', flush=True)
        while True:
            caller, _ = server.accept()
            while data := caller.recv(65536):
                caller.sendall(data.upper())
            caller.close()
        """;

    /// <summary>Answers only when all has been said.</summary>
    private const string Counter =
        """
        import socket
        server = socket.create_server(('127.0.0.1', 0))
        print('port', server.getsockname()[1], 'listens', flush=True)
        caller, _ = server.accept()
        count = 0
        while data := caller.recv(65536):
            count += len(data)
        caller.sendall(b'%d bytes' % count)
        caller.close()
        """;

    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task PortForward_CarriesEachConnectionAndEndsWithTheSignal()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "python3 is not installed");
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);
        using var inside = _cli.Start("exec", "demo", "--", "/usr/bin/python3", "-c", Upper);
        await inside.SeeAsync("listens");
        var remote = PortInside().Match(inside.Printed).Groups[1].Value;

        using var forward = _cli.Start("port-forward", "demo", $"0:{remote}", "0:1");
        await forward.SeeAsync(" to port 1 of demo");

        var locals = PortHere().Matches(forward.Printed).Select(match => IPEndPoint.Parse(match.Groups[1].Value)).ToList();
        var large = new string('x', 300_000);
        Assert.Equal("HELLO", await AskAsync(locals[0], "hello"));
        Assert.Equal(large.ToUpperInvariant(), await AskAsync(locals[0], large));
        Assert.Equal("", await AskAsync(locals[1], "nobody"));
        forward.Signal("INT");
        Assert.Equal("sandbox: port 1: nothing listens on port 1\n", (await forward.EndAsync()).Expect(0).Error);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    [Fact]
    public async Task PortForward_WhoseCallerHasSaidAll_StillBringsTheAnswer()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "python3 is not installed");
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);
        using var inside = _cli.Start("exec", "demo", "--", "/usr/bin/python3", "-c", Counter);
        await inside.SeeAsync("listens");
        using var forward = _cli.Start("port-forward", "demo", $"0:{PortInside().Match(inside.Printed).Groups[1].Value}");
        await forward.SeeAsync(" of demo");
        using var limit = new CancellationTokenSource(CliProgram.Generous);
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(PortHere().Match(forward.Printed).Groups[1].Value), limit.Token);

        var stream = client.GetStream();
        await stream.WriteAsync(new byte[100_000], limit.Token);
        client.Client.Shutdown(SocketShutdown.Send);
        using var answer = new StreamReader(stream);

        Assert.Equal("100000 bytes", await answer.ReadToEndAsync(limit.Token));
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    [Fact]
    public async Task PortForward_OfATakenPort_SaysSo()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var refused = (await _cli.RunAsync("port-forward", "demo", $"{port}:80")).Expect(1);

        Assert.StartsWith($"sandbox: cannot listen on 127.0.0.1:{port}: ", refused.Error, StringComparison.Ordinal);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    /// <summary>Sends the text and reads as much as was sent, or to the end. What was sent to nobody may come back as a reset.</summary>
    private static async Task<string> AskAsync(IPEndPoint address, string text)
    {
        using var limit = new CancellationTokenSource(CliProgram.Generous);
        using var client = new TcpClient();
        await client.ConnectAsync(address, limit.Token);
        var stream = client.GetStream();
        var bytes = Encoding.UTF8.GetBytes(text);
        var answer = new byte[bytes.Length];
        var reading = stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, limit.Token).AsTask();
        try
        {
            await Task.WhenAll(stream.WriteAsync(bytes, limit.Token).AsTask(), reading);
            return Encoding.UTF8.GetString(answer, 0, await reading);
        }
        catch (IOException)
        {
            return "";
        }
    }

    [GeneratedRegex("port ([0-9]+) listens")]
    private static partial Regex PortInside();

    [GeneratedRegex("forwarding ([0-9.:]+) to")]
    private static partial Regex PortHere();
}
