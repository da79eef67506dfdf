using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sandbox.Domain.Operators;

namespace Sandbox.Worker.Tests.Running;

/// <summary>The least of an envd client: one shell command, its standard output as text.</summary>
internal static class EnvdExec
{
    public static async Task<string> RunAsync(AgentCall call, string command)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(
            new { process = new { cmd = "/bin/sh", args = new[] { "-c", command } }, stdin = false });
        var frame = new byte[5 + json.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), json.Length);
        json.CopyTo(frame.AsSpan(5));
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(call.BaseAddress, "/envd/process.Process/Start"))
        { Content = new ByteArrayContent(frame) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/connect+json");
        request.Headers.Add("Connect-Protocol-Version", "1");
        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        using var answer = await call.Invoker.SendAsync(request, limit.Token);
        answer.EnsureSuccessStatusCode();
        return Output(await answer.Content.ReadAsByteArrayAsync(limit.Token));
    }

    private static string Output(ReadOnlySpan<byte> body)
    {
        var output = new StringBuilder();
        while (body.Length >= 5)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(body[1..]);
            using var message = JsonDocument.Parse(body.Slice(5, length).ToArray());
            if (message.RootElement.TryGetProperty("event", out var happened) && happened.TryGetProperty("data", out var data)
                && data.TryGetProperty("stdout", out var stdout))
            {
                output.Append(Encoding.UTF8.GetString(stdout.GetBytesFromBase64()));
            }

            body = body[(5 + length)..];
        }

        return output.ToString();
    }
}
