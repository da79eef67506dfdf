using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Serving;

/// <summary>
/// Processes of engines, started and watched through the agents of their sandboxes, each by a tag. What an agent says is the word of a
/// sandbox: it is bounded in size and time, and believed only as far as it parses.
/// </summary>
internal sealed class SandboxProcesses(IAgentGateway agents, TimeProvider time)
{
    private const string Service = AgentRoutes.Envd + "/process.Process/";
    private const int LargestAnswer = 1024 * 1024;
    private const int LongestOutput = 4096;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(15);

    /// <summary>Starts a process that goes on when its starter leaves.</summary>
    /// <returns>Why it was not started; null when it was.</returns>
    public async Task<string?> StartAsync(
        SandboxId sandbox, string tag, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment,
        CancellationToken cancellationToken)
    {
        var request = new StartRequest
        {
            Process = new ProcessConfig { Cmd = command[0], Args = [.. command.Skip(1)], Envs = environment },
            Tag = tag,
            Stdin = false,
        };
        using var limit = new CancellationTokenSource(AnswerLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await foreach (var message in StreamAsync(sandbox, "Start", request, EnvdJson.Default.StartRequest, either.Token))
            {
                if (message.Event.Start is not null)
                {
                    return null;
                }
            }

            return "its sandbox's agent did not say that it was started";
        }
        catch (Exception exception) when (IsExpected(exception, cancellationToken))
        {
            return Reason(exception);
        }
    }

    /// <summary>How the newest process with a tag is.</summary>
    public async Task<ProcessState> FindAsync(SandboxId sandbox, string tag, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return (await ListAsync(sandbox, either.Token)).Processes.Any(process => process.Tag == tag)
                ? new ProcessState.Running()
                : await ReadEndAsync(sandbox, tag, either.Token);
        }
        catch (Exception exception) when (IsExpected(exception, cancellationToken))
        {
            return new ProcessState.Unknown(Reason(exception));
        }
    }

    /// <summary>Ends the process with a tag, if there is one.</summary>
    public async Task KillAsync(SandboxId sandbox, string tag, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var request = new SendSignalRequest(new ProcessSelector(Tag: tag), ProcessSignal.SIGNAL_SIGKILL);
            using var content = JsonOf(JsonSerializer.SerializeToUtf8Bytes(request, EnvdJson.Default.SendSignalRequest));
            await AskAsync(sandbox, "SendSignal", content, either.Token);
        }
        catch (Exception exception) when (IsExpected(exception, cancellationToken))
        {
            // The next look tells whether it still runs.
        }
    }

    /// <summary>What the newest process with a tag has printed, as far as it is kept, and what it prints until it ends; an empty piece when
    /// it printed nothing for a second.</summary>
    /// <exception cref="IOException">The agent is not reached, or knows no such process.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadOutputAsync(
        SandboxId sandbox, string tag, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in StreamAsync(sandbox, "Connect", Replay(tag), EnvdJson.Default.ConnectRequest, cancellationToken))
        {
            if ((message.Event.Data?.Stdout ?? message.Event.Data?.Stderr) is { Length: > 0 } bytes)
            {
                yield return bytes;
            }
            else if (message.Event.Keepalive is not null)
            {
                yield return ReadOnlyMemory<byte>.Empty;
            }
        }
    }

    private static ConnectRequest Replay(string tag) => new() { Process = new ProcessSelector(Tag: tag), Replay = true };

    private async Task<ProcessState> ReadEndAsync(SandboxId sandbox, string tag, CancellationToken cancellationToken)
    {
        var output = new StringBuilder();
        try
        {
            await foreach (var message in StreamAsync(sandbox, "Connect", Replay(tag), EnvdJson.Default.ConnectRequest, cancellationToken))
            {
                if ((message.Event.Data?.Stdout ?? message.Event.Data?.Stderr) is { } bytes)
                {
                    output.Append(Encoding.UTF8.GetString(bytes));
                    output.Remove(0, Math.Max(0, output.Length - LongestOutput));
                }

                if (message.Event.End is { } end)
                {
                    return new ProcessState.Ended(Short(end.Status), output.ToString());
                }
            }

            return new ProcessState.Unknown("its sandbox's agent did not say how it ended");
        }
        catch (ProcessRefusedException refused) when (refused.Code == "not_found")
        {
            return new ProcessState.Absent();
        }
    }

    private async Task<ListResponse> ListAsync(SandboxId sandbox, CancellationToken cancellationToken)
    {
        using var content = JsonOf("{}"u8.ToArray());
        return JsonSerializer.Deserialize(await AskAsync(sandbox, "List", content, cancellationToken), EnvdJson.Default.ListResponse)
            ?? throw new IOException("its sandbox's agent answers null");
    }

    private async Task<byte[]> AskAsync(SandboxId sandbox, string method, HttpContent content, CancellationToken cancellationToken)
    {
        using var call = await OpenAsync(sandbox, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, AddressOf(call, method)) { Content = content };
        using var response = await call.Invoker.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var answer = new byte[LargestAnswer];
        var length = await body.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellationToken);
        return length < answer.Length ? answer[..length] : throw new IOException("its sandbox's agent answers more than is read");
    }

    /// <summary>The messages of a stream of the Connect protocol.</summary>
    /// <exception cref="ProcessRefusedException">It ends with an error.</exception>
    private async IAsyncEnumerable<ProcessMessage> StreamAsync<T>(
        SandboxId sandbox, string method, T body, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var call = await OpenAsync(sandbox, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, AddressOf(call, method))
        {
            Content = new ByteArrayContent(ConnectEnvelope.Frame(JsonSerializer.SerializeToUtf8Bytes(body, type))),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/connect+json");
        request.Headers.Add("Keepalive-Ping-Interval", "1");
        using var response = await call.Invoker.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var header = new byte[ConnectEnvelope.HeaderSize];
        while (true)
        {
            await stream.ReadExactlyAsync(header, cancellationToken);
            var length = ConnectEnvelope.LengthOf(header);
            if (length > LargestAnswer)
            {
                throw new IOException("its sandbox's agent answers more than is read");
            }

            var json = new byte[length];
            await stream.ReadExactlyAsync(json, cancellationToken);
            if ((header[0] & ConnectEnvelope.End) != 0)
            {
                if (JsonSerializer.Deserialize(json, EnvdJson.Default.EndOfStream)?.Error is { } error)
                {
                    throw new ProcessRefusedException(error.Code, Short(error.Message));
                }

                yield break;
            }

            if (JsonSerializer.Deserialize(json, EnvdJson.Default.ProcessMessage) is { Event: not null } message)
            {
                yield return message;
            }
        }
    }

    private async Task<AgentCall> OpenAsync(SandboxId sandbox, CancellationToken cancellationToken) =>
        (await agents.OpenAsync(sandbox, cancellationToken)).TryGet(out var call, out var error)
            ? call
            : throw new IOException(error.Text);

    private static bool IsExpected(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException or IOException or JsonException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static string Reason(Exception exception) =>
        exception is OperationCanceledException ? $"its sandbox's agent did not answer within {AnswerLimit.TotalSeconds:0} s"
        : exception is JsonException ? "its sandbox's agent answers in another form than it should"
        : exception.Message;

    private static Uri AddressOf(AgentCall call, string method) =>
        new(call.BaseAddress.AbsoluteUri.TrimEnd('/') + Service + method);

    private static ByteArrayContent JsonOf(byte[] json)
    {
        var content = new ByteArrayContent(json);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static string Short(string text) => text.Length <= 300 ? text : text[..300] + "…";
}
