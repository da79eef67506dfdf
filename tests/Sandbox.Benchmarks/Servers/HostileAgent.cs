using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sandbox.Contracts.Agent;

namespace Sandbox.Benchmarks.Servers;

/// <summary>Stands where an agent stands that runs elsewhere, and answers every call with as much as it can say.</summary>
internal sealed class HostileAgent : IAsyncDisposable
{
    /// <summary>Characters of an answer, each of them six bytes.</summary>
    private const int Escapes = 16 * 1024 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _accepting;

    public HostileAgent()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        await _accepting;
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_ended.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
                while (await TargetAsync(reader) is { } target)
                {
                    await (target.StartsWith("/agent/", StringComparison.Ordinal)
                        ? WriteAsync(client.GetStream(), Status())
                        : FloodAsync(client.GetStream()));
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The server has hung up.
        }
    }

    /// <summary>What is asked for, its body read; null: nothing more.</summary>
    private async Task<string?> TargetAsync(StreamReader reader)
    {
        var target = (await reader.ReadLineAsync(_ended.Token))?.Split(' ')[1];
        var length = 0;
        while (await reader.ReadLineAsync(_ended.Token) is { Length: > 0 } header)
        {
            if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            {
                length = int.Parse(header.Split(':')[1], CultureInfo.InvariantCulture);
            }
        }

        if (length > 0)
        {
            await reader.ReadBlockAsync(new char[length], _ended.Token);
        }

        return target;
    }

    private static string Status() => JsonSerializer.Serialize(
        new AgentStatus { Version = "0", Pid = 1, CallsInFlight = 0, IdleMilliseconds = 0, Processes = 0, Sessions = 0 },
        AgentJson.Default.AgentStatus);

    private Task WriteAsync(NetworkStream stream, string json) => stream.WriteAsync(
        Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n{json}"),
        _ended.Token).AsTask();

    /// <summary>As much content as an answer may have, in the most bytes that JSON takes for it.</summary>
    private async Task FloodAsync(NetworkStream stream)
    {
        const string Escape = "\\u0000";
        var (begin, end) = ("{\"content\":\"\",\"stderr\":\"\",\"exit_code\":0,\"stdout\":\"", "\"}");
        var length = begin.Length + ((long)Escapes * Escape.Length) + end.Length;
        var head = $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{begin}";
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head), _ended.Token);
        var piece = Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat(Escape, 16 * 1024)));
        for (var sent = 0; sent < Escapes; sent += 16 * 1024)
        {
            await stream.WriteAsync(piece, _ended.Token);
        }

        await stream.WriteAsync(Encoding.Latin1.GetBytes(end), _ended.Token);
    }
}
