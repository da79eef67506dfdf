using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Tests.Running;

/// <summary>The envd process calls, spoken by hand.</summary>
internal static class EnvdProcessCalls
{
    private const string Service = AgentRoutes.Envd + "/process.Process/";

    internal static StartRequest Shell(string script) =>
        new() { Process = new ProcessConfig { Cmd = "sh", Args = ["-c", script] }, Stdin = false };

    internal static Task<EnvdStream> StartAsync(this HttpClient http, StartRequest request, params (string Name, string Value)[] headers) =>
        EnvdStream.OpenAsync(http, Service + "Start", JsonSerializer.SerializeToUtf8Bytes(request, EnvdJson.Default.StartRequest), headers);

    internal static Task<EnvdStream> ConnectAsync(this HttpClient http, int pid, bool replay = false) =>
        EnvdStream.OpenAsync(
            http, Service + "Connect",
            JsonSerializer.SerializeToUtf8Bytes(
                new ConnectRequest { Process = new ProcessSelector((uint)pid), Replay = replay }, EnvdJson.Default.ConnectRequest), []);

    internal static async Task<ProcessRun> RunAsync(
        this HttpClient http, StartRequest request, params (string Name, string Value)[] headers)
    {
        await using var stream = await http.StartAsync(request, headers);
        return await stream.ToEndAsync();
    }

    internal static async Task<(HttpStatusCode Status, string Body)> CallAsync<T>(
        this HttpClient http, string method, T request, JsonTypeInfo<T> type)
    {
        using var answer = await http.PostAsJsonAsync(Service + method, request, type);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}

/// <summary>All that a stream told.</summary>
internal sealed record ProcessRun(int Pid, byte[] Stdout, byte[] Stderr, byte[] Terminal, ProcessEnded? End, ConnectError? Error)
{
    internal string Text => Encoding.UTF8.GetString(Stdout);
}

/// <summary>An open Start or Connect stream.</summary>
internal sealed class EnvdStream : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpResponseMessage _answer;
    private readonly Stream _body;

    private EnvdStream(HttpResponseMessage answer, Stream body) => (_answer, _body) = (answer, body);

    internal ConnectError? Error { get; private set; }

    internal static async Task<EnvdStream> OpenAsync(HttpClient http, string path, byte[] json, (string Name, string Value)[] headers)
    {
        var envelope = new byte[5 + json.Length];
        BinaryPrimitives.WriteUInt32BigEndian(envelope.AsSpan(1), (uint)json.Length);
        json.CopyTo(envelope, 5);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(envelope) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/connect+json");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Patience);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/connect+json", answer.Content.Headers.ContentType?.ToString());
        return new EnvdStream(answer, await answer.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event; null: the stream is at its end (see <see cref="Error"/>).</summary>
    internal async Task<ProcessEvent?> NextAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        var header = new byte[5];
        await _body.ReadExactlyAsync(header, limit.Token);
        var json = new byte[BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1))];
        await _body.ReadExactlyAsync(json, limit.Token);
        if (header[0] == 2)
        {
            Error = JsonSerializer.Deserialize(json, EnvdJson.Default.EndOfStream)!.Error;
            Assert.Equal(0, await _body.ReadAsync(header, limit.Token));
            return null;
        }

        Assert.Equal(0, header[0]);
        return JsonSerializer.Deserialize(json, EnvdJson.Default.ProcessMessage)!.Event;
    }

    internal async Task<int> StartedAsync()
    {
        var first = await NextAsync();
        Assert.True(first?.Start is not null, $"the first event is 'start', not {first}; error: {Error}");
        return (int)first.Start.Pid;
    }

    /// <summary>Reads data until the text was seen.</summary>
    internal async Task<string> UntilAsync(string text)
    {
        var seen = "";
        while (!seen.Contains(text, StringComparison.Ordinal))
        {
            var next = await NextAsync();
            Assert.True(next is { End: null }, $"the stream ended before '{text}' came; seen: {seen}");
            seen += Encoding.UTF8.GetString(next.Data?.Stdout ?? next.Data?.Pty ?? []);
        }

        return seen;
    }

    internal async Task<ProcessRun> ToEndAsync()
    {
        var (pid, end) = (0, default(ProcessEnded));
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        using var terminal = new MemoryStream();
        while (await NextAsync() is { } next)
        {
            pid = (int?)next.Start?.Pid ?? pid;
            end = next.End ?? end;
            stdout.Write(next.Data?.Stdout ?? []);
            stderr.Write(next.Data?.Stderr ?? []);
            terminal.Write(next.Data?.Pty ?? []);
        }

        return new ProcessRun(pid, stdout.ToArray(), stderr.ToArray(), terminal.ToArray(), end, Error);
    }

    public async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        _answer.Dispose();
    }
}
