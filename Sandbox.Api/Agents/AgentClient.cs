using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Agents;

/// <summary>
/// Enveloped calls into sandboxes. What runs in a sandbox may have taken its agent over, so that an answer is bounded in
/// size and time and believed only as far as it parses.
/// </summary>
internal sealed class AgentClient(
    TenantScopedAgentGateway agents, BufferBudget budget, TimeProvider time, IOptions<ApiOptions> options)
{
    /// <summary>The agent's failures travel with this status.</summary>
    private const int Failure = 511;

    /// <summary>Largest answer that has no content of the sandbox's in it, bytes.</summary>
    private const int SmallAnswer = 1024 * 1024;

    /// <summary>What a call may take that waits for nothing inside the sandbox.</summary>
    public static readonly TimeSpan Short = TimeSpan.FromSeconds(60);

    /// <summary>What the connection may add to the time that a command was given.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    public Task<AgentAnswer<TResult>> PostAsync<TBody, TResult>(
        HttpContext http, string sandboxId, string route, (TBody Value, JsonTypeInfo<TBody> Type) body, AnswerType<TResult> answer,
        TimeSpan? limit)
        where TResult : class
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body.Value, body.Type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return SendAsync(http, sandboxId, new AgentQuestion(HttpMethod.Post, route, content), answer, limit);
    }

    public Task<AgentAnswer<TResult>> GetAsync<TResult>(HttpContext http, string sandboxId, string route, AnswerType<TResult> answer)
        where TResult : class =>
        SendAsync(http, sandboxId, new AgentQuestion(HttpMethod.Get, route, null), answer, Short);

    /// <param name="http">The request that this answers: what is read of the agent's answer is kept until that has ended.</param>
    /// <param name="limit">Null: as long as it takes.</param>
    public async Task<AgentAnswer<TResult>> SendAsync<TResult>(
        HttpContext http, string sandboxId, AgentQuestion question, AnswerType<TResult> answer, TimeSpan? limit)
        where TResult : class
    {
        var cancellationToken = http.RequestAborted;
        var content = question.Content;
        if (!SandboxId.TryParse(sandboxId, null, out var id))
        {
            content?.Dispose();
            return new AgentAnswer<TResult>.Unreached(new SandboxError.BadId(sandboxId));
        }

        var opened = await agents.OpenAsync(id, cancellationToken);
        if (!opened.TryGet(out var call, out var error))
        {
            content?.Dispose();
            return new AgentAnswer<TResult>.Unreached(error);
        }

        using (call)
        using (var request = new HttpRequestMessage(question.Method, AddressOf(call, question.Route)) { Content = content })
        using (var timed = new CancellationTokenSource(limit ?? Timeout.InfiniteTimeSpan, time))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(timed.Token, cancellationToken))
        {
            try
            {
                return await ExchangeAsync(http, call, request, answer, either.Token);
            }
            catch (OperationCanceledException) when (timed.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return Unreached<TResult>(id, $"no answer within {limit!.Value.TotalSeconds:0} s");
            }
            catch (AgentCallException missed) when (!cancellationToken.IsCancellationRequested)
            {
                return new AgentAnswer<TResult>.Unreached(missed.Error);
            }
            catch (JsonException)
            {
                return Unreached<TResult>(id, "its answer is not in the expected form");
            }
            catch (Exception exception)
                when (exception is HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
            {
                return Unreached<TResult>(id, "the connection to its agent broke");
            }
        }
    }

    public static TimeSpan? Within(double? seconds) =>
        seconds is { } some && some < TimeSpan.FromDays(30).TotalSeconds ? TimeSpan.FromSeconds(Math.Max(some, 0)) + Slack : null;

    private static Uri AddressOf(AgentCall call, string route) =>
        new(call.BaseAddress.AbsoluteUri.TrimEnd('/') + AgentRoutes.Rock + route);

    private async Task<AgentAnswer<TResult>> ExchangeAsync<TResult>(
        HttpContext http, AgentCall call, HttpRequestMessage request, AnswerType<TResult> type, CancellationToken cancellationToken)
        where TResult : class
    {
        using var answer = await call.Invoker.SendAsync(request, cancellationToken);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new AnswerBuffer();
        http.Response.RegisterForDispose(buffer);
        var limit = type.IsLarge && answer.StatusCode is HttpStatusCode.OK ? options.Value.MaxAgentAnswer : SmallAnswer;
        return await buffer.ReadAsync(stream, limit, new BufferReservation(budget, http), cancellationToken) switch
        {
            AnswerReading.TooLarge => new AgentAnswer<TResult>.Refused($"The answer is larger than the limit of {limit} bytes."),
            AnswerReading.NoRoom => new AgentAnswer<TResult>.Unreached(new SandboxError.Overloaded(IsDone: true)),
            _ => answer.StatusCode is HttpStatusCode.OK
                ? new AgentAnswer<TResult>.Done(type.Read(buffer.Json))
                : new AgentAnswer<TResult>.Refused(ReasonOf((int)answer.StatusCode, buffer.Json)),
        };
    }

    private static string ReasonOf(int status, ReadOnlySequence<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (status == Failure && root.ValueKind is JsonValueKind.Object && root.TryGetProperty("rockletexception", out var failure))
            {
                return TextIn(failure, "message") ?? "The sandbox gave no reason.";
            }

            return TextIn(root, "detail") ?? TextIn(root, "message") ?? Bare(status);
        }
        catch (JsonException)
        {
            return Bare(status);
        }
    }

    private static string Bare(int status) => $"The agent answered with HTTP status {status}.";

    private static string? TextIn(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var text) && text.ValueKind is JsonValueKind.String
            ? PydanticValues.TryGetString(text)
            : null;

    private static AgentAnswer<T>.Unreached Unreached<T>(SandboxId id, string reason)
        where T : class => new(new SandboxError.AgentUnreachable(id, reason));
}
