using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>A sandbox's whole life through different APIs, which share nothing but the stores.</summary>
public abstract class JourneyContract(ClusterFixture fixture)
{
    private RockCaller One => fixture.Cluster.Callers[0];

    private RockCaller Other => fixture.Cluster.Callers[1];

    [NeedsDockerFact]
    public async Task Sandbox_DrivenThroughDifferentApis_LivesItsWholeLife()
    {
        var id = $"journey-{Guid.NewGuid():N}";
        await One.StartAsync(id);
        await Other.UntilAliveAsync(id);

        await One.MustPostAsync("create_session", new { sandbox_id = id, session = "s" });
        var answer = await Other.MustPostAsync(
            "run_in_session", new { sandbox_id = id, session = "s", command = "echo kept > /tmp/file; echo $((6 * 7))", timeout = 30 });
        Assert.Equal("42", answer.GetProperty("output").GetString()!.Trim());

        await Other.MustPostAsync("stop", new { sandbox_id = id });
        Assert.False(await One.IsAliveAsync(id), "a stopped sandbox was not to be alive through the other API");
        await One.MustPostAsync("restart", new { sandbox_id = id });
        await Other.UntilAliveAsync(id);
        Assert.Equal("kept\n", await One.ExecuteAsync(id, "cat /tmp/file"));

        await One.MustPostAsync("stop", new { sandbox_id = id });
        await Other.MustPostAsync("delete", new { sandbox_id = id });
        var gone = await One.GetAsync($"get_status?sandbox_id={id}");
        Assert.Equal("Failed", gone.GetProperty("status").GetString());
    }

    [NeedsDockerFact]
    public async Task Stream_ThroughApiAndWorker_ArrivesPieceByPiece()
    {
        var id = $"stream-{Guid.NewGuid():N}";
        await One.RunAsync(id);
        const string script = "echo one; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo two";
        using var limit = new CancellationTokenSource(ClusterProcess.Generous);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/process.Process/Start") { Content = EnvdFrame(script) };
        request.Headers.Add("E2b-Sandbox-Id", id);
        request.Headers.Add("Connect-Protocol-Version", "1");
        using var answer = await One.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        await using var stream = await answer.Content.ReadAsStreamAsync(limit.Token);

        // The process waits for us, so what is read here cannot have been kept back until its end.
        await ReadUntilAsync(stream, "one\n", limit.Token);
        await Other.ExecuteAsync(id, "touch /tmp/go");
        await ReadUntilAsync(stream, "two\n", limit.Token);

        await One.MustPostAsync("stop", new { sandbox_id = id });
    }

    [NeedsDockerFact]
    public async Task Log_FollowedThroughApiAndWorker_EndsWithItsSandbox()
    {
        var id = $"log-{Guid.NewGuid():N}";
        await One.RunAsync(id);
        await One.ExecuteAsync(id, "echo said > /proc/1/fd/1");
        using var limit = new CancellationTokenSource(ClusterProcess.Generous);
        using var answer = await Other.Http.GetAsync(
            new Uri($"/api/v1/sandboxes/{id}/logs?follow=true", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using var log = new StreamReader(await answer.Content.ReadAsStreamAsync(limit.Token));

        Assert.Equal("said", await log.ReadLineAsync(limit.Token));
        await One.MustPostAsync("stop", new { sandbox_id = id });

        await log.ReadToEndAsync(limit.Token);
        Assert.Equal(
            "said\n", await One.Http.GetStringAsync(new Uri($"/api/v1/sandboxes/{id}/logs?tail=1", UriKind.Relative), limit.Token));
    }

    [NeedsDockerFact]
    public async Task Events_OfAnotherApisSandbox_ArriveAsTheyHappen()
    {
        var id = $"event-{Guid.NewGuid():N}";
        using var limit = new CancellationTokenSource(ClusterProcess.Generous);
        using var answer = await Other.Http.GetAsync(
            new Uri($"/api/v1/events?sandbox_id={id}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync(limit.Token));
        Assert.StartsWith("id: ", await events.ReadLineAsync(limit.Token), StringComparison.Ordinal);

        await One.RunAsync(id);
        await One.MustPostAsync("stop", new { sandbox_id = id });

        var types = new List<string?>();
        while (types.Count < 3)
        {
            var line = await events.ReadLineAsync(limit.Token);
            Assert.True(line is not (null or "event: missed"), $"the stream was to go on after {string.Join(", ", types)}");
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                types.Add(JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("type").GetString());
            }
        }

        Assert.Equal(["created", "started", "stopped"], types);
    }

    [NeedsDockerFact]
    public async Task Port_ReachedThroughApiAndWorker_CarriesBytesBothWays()
    {
        var id = $"port-{Guid.NewGuid():N}";
        await One.RunAsync(id);
        await Other.ExecuteAsync(id, "nc -l -p 8000 -e cat > /tmp/nc 2>&1 & while ! netstat -tln | grep -q :8000; do sleep 0.1; done");
        using var limit = new CancellationTokenSource(ClusterProcess.Generous);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(
            new Uri($"ws://{One.Http.BaseAddress!.Authority}/apis/envs/sandbox/v1/sandboxes/{id}/portforward?port=8000"), limit.Token);

        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, limit.Token);
        var buffer = new byte[64];
        var got = await socket.ReceiveAsync(buffer.AsMemory(), limit.Token);

        Assert.Equal("ping", Encoding.UTF8.GetString(buffer, 0, got.Count));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
        await One.MustPostAsync("stop", new { sandbox_id = id });
    }

    [NeedsDockerFact]
    public async Task WebServer_InsideASandbox_IsReachedThroughTheProxyOfEachApi()
    {
        var id = $"web-{Guid.NewGuid():N}";
        await One.RunAsync(id);
        await One.ExecuteAsync(
            id,
            "mkdir /www; echo hello > /www/index.html; httpd -p 127.0.0.1:8000 -h /www; "
                + "while ! netstat -tln | grep -q :8000; do sleep 0.1; done");
        var page = new Uri($"/apis/envs/sandbox/v1/sandboxes/{id}/proxy/port/8000/index.html", UriKind.Relative);

        Assert.Equal("hello\n", await One.Http.GetStringAsync(page));
        Assert.Equal("hello\n", await Other.Http.GetStringAsync(page));

        await One.MustPostAsync("stop", new { sandbox_id = id });
    }

    [NeedsDockerFact]
    public async Task Sandboxes_StartedAtOnce_AllRunAndCanBeUsedThroughEachApi()
    {
        var ids = Enumerable.Range(0, 6).Select(number => $"many-{number}-{Guid.NewGuid():N}").ToList();

        await Task.WhenAll(ids.Select((id, number) => fixture.Cluster.Callers[number % 2].RunAsync(id)));

        foreach (var id in ids)
        {
            Assert.Equal($"{id}\n", await One.ExecuteAsync(id, $"echo {id}"));
            Assert.Equal($"{id}\n", await Other.ExecuteAsync(id, $"echo {id}"));
        }

        await Task.WhenAll(ids.Select(id => Other.MustPostAsync("stop", new { sandbox_id = id })));
    }

    private static ByteArrayContent EnvdFrame(string script)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(
            new { process = new { cmd = "/bin/sh", args = new[] { "-c", script } }, stdin = false });
        var frame = new byte[5 + json.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), json.Length);
        json.CopyTo(frame.AsSpan(5));
        return new ByteArrayContent(frame) { Headers = { ContentType = new MediaTypeHeaderValue("application/connect+json") } };
    }

    private static async Task ReadUntilAsync(Stream stream, string output, CancellationToken cancellationToken)
    {
        var wanted = Convert.ToBase64String(Encoding.UTF8.GetBytes(output));
        var read = new StringBuilder();
        var piece = new byte[4096];
        while (!read.ToString().Contains(wanted, StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(piece, cancellationToken);
            Assert.True(count > 0, $"the stream ended before '{output.Trim()}': {read}");
            read.Append(Encoding.UTF8.GetString(piece, 0, count));
        }
    }
}
