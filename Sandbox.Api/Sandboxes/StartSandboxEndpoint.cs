using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Api.Sandboxes;

/// <summary><c>start_async</c> answers when the record is written, <c>start</c> when the sandbox runs. The record is prepared by
/// <see cref="StartPreparation"/>, with what <see cref="Domain.Policies.DeploymentManager"/> makes of the request.</summary>
internal sealed class StartSandboxEndpoint(
    StartPreparation preparation, TenantScopedOperator sandboxes, RockBody body, TimeProvider time, RockAuthorization authorization,
    IOptions<ApiOptions> options)
{
    public const string FailureMessage = "start sandbox failed";
    public const string AsyncFailureMessage = "async start sandbox failed";

    private const int LongestOwner = 256;

    public static StartResult FailureOf(int code, string reason) => new() { Code = code, FailureReason = reason };

    public async Task HandleStartAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Start) is { } request)
        {
            await AnswerAsync(http, AsyncFailureMessage, await SubmitAsync(http, request));
        }
    }

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Start) is not { } request)
        {
            return;
        }

        var submitted = await SubmitAsync(http, request);
        if (!submitted.TryGet(out var sandbox, out _))
        {
            await AnswerAsync(http, FailureMessage, submitted);
            return;
        }

        var limit = options.Value.StartWait;
        using var waited = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(waited.Token, http.RequestAborted);
        try
        {
            await AnswerAsync(http, FailureMessage, await sandboxes.WaitUntilAliveAsync(sandbox.Id, either.Token));
        }
        catch (OperationCanceledException) when (waited.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            var reason =
                $"Sandbox {sandbox.Id} is not alive after {limit.TotalSeconds:0.#} s; it goes on starting, and get_status tells how far "
                    + $"it is.";
            await Envelopes.FailAsync(
                http, FailureMessage, reason, FailureOf(RockCodes.Internal, reason) with { SandboxId = sandbox.Id.ToString() },
                RockJson.Default.StartResult);
        }
    }

    /// <summary>Accepts the start of a sandbox of the caller's.</summary>
    public async Task<Result<SandboxInstance>> SubmitAsync(HttpContext http, StartRequest request)
    {
        var headers = http.Request.Headers;
        var result = await preparation.PrepareAsync(
            request, OwnerOf(headers), headers[RockAuthorization.Header], http.RequestAborted);
        return result.TryGet(out var prepared, out var error)
            ? await sandboxes.SubmitAsync(WithAuthorization(prepared.Record, http.Request), prepared.RegistryPassword, http.RequestAborted)
            : error;
    }

    private static Task AnswerAsync(HttpContext http, string failureMessage, Result<SandboxInstance> result) =>
        result.TryGet(out var sandbox, out var error)
            ? Envelopes.SucceedAsync(http, StatusViews.StartOf(sandbox), RockJson.Default.StartResult)
            : Envelopes.FailAsync(http, failureMessage, error, FailureOf, RockJson.Default.StartResult);

    private SandboxInstance WithAuthorization(SandboxInstance record, HttpRequest request) =>
        record with { Spec = record.Spec with { EncryptedAuthorization = authorization.EncryptedOf(request) } };

    private static SandboxOwner OwnerOf(IHeaderDictionary headers)
    {
        var unnamed = new SandboxOwner();
        return new SandboxOwner(
            Named(headers["X-User-Id"], unnamed.UserId),
            Named(headers["X-Experiment-Id"], unnamed.ExperimentId),
            Named(headers["X-Namespace"], unnamed.Namespace),
            Named(headers["X-Cluster"], unnamed.Cluster));
    }

    private static string Named(StringValues header, string fallback) =>
        header is [{ Length: > 0 } name] ? name[..Math.Min(name.Length, LongestOwner)] : fallback;
}
