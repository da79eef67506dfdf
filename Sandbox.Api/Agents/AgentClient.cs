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
internal sealed class AgentClient(TenantScopedAgentGateway agents, TimeProvider time, IOptions<ApiOptions> options)
{
    /// <summary>The agent's failures travel with this status.</summary>
    private const int Failure = 511;

    /// <summary>One byte of content takes at most six of JSON; the rest is for the members around it.</summary>
    private readonly int _limit = checked((int)Math.Min((options.Value.MaxAgentAnswer * 6L) + (64 * 1024), Array.MaxLength));

    /// <summary>What a call may take that waits for nothing inside the sandbox.</summary>
    public static readonly TimeSpan Short = TimeSpan.FromSeconds(60);

    /// <summary>What the connection may add to the time that a command was given.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    public Task<AgentAnswer<TResult>> PostAsync<TBody, TResult>(
        string sandboxId, string route, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TResult> resultType,
        TimeSpan? limit, CancellationToken cancellationToken)
        where TResult : class
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, bodyType));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return SendAsync(sandboxId, HttpMethod.Post, route, content, resultType, limit, cancellationToken);
    }

    public Task<AgentAnswer<TResult>> GetAsync<TResult>(
        string sandboxId, string route, JsonTypeInfo<TResult> resultType, CancellationToken cancellationToken)
        where TResult : class =>
        SendAsync(sandboxId, HttpMethod.Get, route, null, resultType, Short, cancellationToken);

    /// <param name="route">Below <see cref="AgentRoutes.Rock"/>.</param>
    /// <param name="limit">Null: as long as it takes.</param>
    public async Task<AgentAnswer<TResult>> SendAsync<TResult>(
        string sandboxId, HttpMethod method, string route, HttpContent? content, JsonTypeInfo<TResult> resultType,
        TimeSpan? limit, CancellationToken cancellationToken)
        where TResult : class
    {
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
        using (var request = new HttpRequestMessage(method, AddressOf(call, route)) { Content = content })
        using (var timed = new CancellationTokenSource(limit ?? Timeout.InfiniteTimeSpan, time))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(timed.Token, cancellationToken))
        {
            try
            {
                return await ExchangeAsync(call, request, resultType, either.Token);
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
        AgentCall call, HttpRequestMessage request, JsonTypeInfo<TResult> resultType, CancellationToken cancellationToken)
        where TResult : class
    {
        using var answer = await call.Invoker.SendAsync(request, cancellationToken);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var body = await BoundedBody.ReadAsync(stream, _limit, cancellationToken);
        if (body is null)
        {
            return new AgentAnswer<TResult>.Refused($"The answer is larger than the limit of {options.Value.MaxAgentAnswer} bytes.");
        }

        return answer.StatusCode is HttpStatusCode.OK
            ? new AgentAnswer<TResult>.Done(JsonSerializer.Deserialize(body.Bytes.Span, resultType) ?? throw new JsonException())
            : new AgentAnswer<TResult>.Refused(ReasonOf((int)answer.StatusCode, body.Bytes));
    }

    private static string ReasonOf(int status, ReadOnlyMemory<byte> body)
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
