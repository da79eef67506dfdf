using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Sandbox.Api.Agents;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;
using Sandbox.Api.Sandboxes;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.Gem;

/// <summary>
/// GEM's environments, each in a sandbox of its own. ROCK's Python SDK reads the members of an answer, its TypeScript SDK those of the
/// member <c>result</c>: an answer has both.
/// </summary>
internal sealed class GemEndpoints(
    StartSandboxEndpoint starts, TenantScopedOperator sandboxes, AgentClient agent, RockBody body, TimeProvider time,
    IOptions<ApiOptions> options, RequestEdge edge)
{
    public const string Prefix = "/apis/v1/envs/gem";

    /// <summary>How long the sandbox of an environment may take until it runs.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(300);

    /// <summary>How long an environment may take for one call.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromMinutes(10);

    public void Map(IEndpointRouteBuilder app)
    {
        Map<GemMakeRequest, GemSandbox>(app, "/make", MakeAsync, "Starts a sandbox and makes an environment in it");
        Map<GemResetRequest, GemObservation>(app, "/reset", ResetAsync, "Begins an episode");
        Map<GemStepRequest, GemStep>(app, "/step", StepAsync, "Does one action");
        Map<SandboxIdRequest, GemSandbox>(app, "/close", CloseAsync, "Ends an environment, and its sandbox");
        Map<SandboxIdRequest, GemEnvironments>(app, "/list", ListAsync, "The names of the environments that a sandbox can make");
    }

    private void Map<TBody, TResult>(IEndpointRouteBuilder app, string path, Func<HttpContext, Task> handler, string summary) =>
        app.MapPost(Prefix + path, http => edge.RunAsync(
            http, () => handler(http), () => FailAsync(http, RequestEdge.Surprise))).WithSummary(summary).WithTags("GEM").WithMetadata(
            // The document takes in what has a method, which a bare request delegate does not show.
            handler.Method,
            // It names no content type: routing would refuse requests of another by itself.
            new AcceptsMetadata([], typeof(TBody)),
            new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(TResult), ["application/json"]));

    private async Task MakeAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, GemRequests.Make) is not { } request)
        {
            return;
        }

        var submitted = await starts.SubmitAsync(http, new StartRequest { Image = options.Value.EnvironmentImage });
        if (!submitted.TryGet(out var sandbox, out var error))
        {
            await FailAsync(http, error.Text);
            return;
        }

        var isMade = false;
        try
        {
            if (await WhyNotRunningAsync(http, sandbox.Id) is { } reason)
            {
                await FailAsync(http, reason);
                return;
            }

            var made = await agent.PostAsync(
                http, sandbox.Id.ToString(), "/env/make", (request, RockJson.Default.GemMakeRequest), AgentTypes.Empty, CallLimit);
            isMade = made is AgentAnswer<JsonDocument>.Done;
            await AnswerAsync(http, made, _ => new GemSandbox(sandbox.Id.ToString()), RockJson.Default.GemSandbox);
        }
        finally
        {
            if (!isMade)
            {
                // Its caller has no name for it.
                await sandboxes.StopAsync(sandbox.Id, StopReason.Asked, CancellationToken.None);
            }
        }
    }

    private async Task ResetAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, GemRequests.Reset) is { } request)
        {
            var answer = await agent.PostAsync(
                http, request.SandboxId, "/env/reset", (request, RockJson.Default.GemResetRequest), AgentTypes.GemObservation, CallLimit);
            await AnswerAsync(http, answer, static result => result, RockJson.Default.GemObservation);
        }
    }

    private async Task StepAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, GemRequests.Step) is { } request)
        {
            var answer = await agent.PostAsync(
                http, request.SandboxId, "/env/step", (request, RockJson.Default.GemStepRequest), AgentTypes.GemStep, CallLimit);
            await AnswerAsync(http, answer, static result => result, RockJson.Default.GemStep);
        }
    }

    /// <summary>Also where no environment is left in the sandbox: what is asked for is that it ends.</summary>
    private async Task CloseAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Id) is not { } request)
        {
            return;
        }

        var closed = await agent.PostAsync(
            http, request.SandboxId, "/env/close", (request, RockJson.Default.SandboxIdRequest), AgentTypes.Empty, AgentClient.Short);
        if (closed is AgentAnswer<JsonDocument>.Unreached unreached)
        {
            await FailAsync(http, unreached.Error.Text);
            return;
        }

        var stopped = await sandboxes.StopAsync(SandboxId.Parse(request.SandboxId), StopReason.Asked, http.RequestAborted);
        await (stopped.TryGet(out _, out var error)
            ? WriteAsync(http, new GemSandbox(request.SandboxId), RockJson.Default.GemSandbox)
            : FailAsync(http, error.Text));
    }

    private async Task ListAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Id) is { } request)
        {
            var answer = await agent.PostAsync(
                http, request.SandboxId, "/env/list", (request, RockJson.Default.SandboxIdRequest), AgentTypes.GemEnvironments,
                CallLimit);
            await AnswerAsync(http, answer, static result => result, RockJson.Default.GemEnvironments);
        }
    }

    private async Task<string?> WhyNotRunningAsync(HttpContext http, SandboxId id)
    {
        using var waited = new CancellationTokenSource(StartLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(waited.Token, http.RequestAborted);
        try
        {
            return (await sandboxes.WaitUntilAliveAsync(id, either.Token)).TryGet(out _, out var error) ? null : error.Text;
        }
        catch (OperationCanceledException) when (waited.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            return $"Sandbox {id} is not alive after {StartLimit.TotalSeconds:0} s.";
        }
    }

    private static Task AnswerAsync<TAnswer, TResult>(
        HttpContext http, AgentAnswer<TAnswer> answer, Func<TAnswer, TResult> result, JsonTypeInfo<TResult> type)
        where TAnswer : class => answer switch
        {
            AgentAnswer<TAnswer>.Done done => WriteAsync(http, result(done.Result), type),
            AgentAnswer<TAnswer>.Refused refused => FailAsync(http, refused.Reason),
            AgentAnswer<TAnswer>.Unreached unreached => FailAsync(http, unreached.Error.Text),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    private static Task WriteAsync<T>(HttpContext http, T result, JsonTypeInfo<T> type)
    {
        var members = JsonSerializer.SerializeToElement(result, type);
        return JsonAnswer.WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            foreach (var member in members.EnumerateObject())
            {
                member.WriteTo(writer);
            }

            writer.WriteString("status", Envelope.Success);
            writer.WritePropertyName("result");
            members.WriteTo(writer);
            writer.WriteEndObject();
        });
    }

    /// <summary>As ROCK answers it: 500, with the reason. Its traceback would tell of our insides, and is empty.</summary>
    private static Task FailAsync(HttpContext http, string reason)
    {
        http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return JsonAnswer.WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("detail", reason);
            writer.WriteStartArray("traceback");
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }
}
